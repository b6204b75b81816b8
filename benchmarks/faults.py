"""Send the mails of many events while everything around them fails, and count what arrives.

Until all events are written and half of their mails are through, the mail server refuses
connections, hangs, answers 451 and drops half of its connections in turn; the worker is killed
whenever it has been at work for 5 s, the relay every 20 s, and Redis is flushed every 40 s. Then
the faults end, and all that is owed is waited for.

Servers and processes are throw-away ones. The exit code is 1 where a mail is missing, came twice
though its sender could know that it had arrived, or came out of order.

Those waiting for another attempt are made to wait 10 s at most once the faults are over: that
shortens pauses of up to 15 minutes, and changes nothing else.
"""

import argparse
import itertools
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import redis
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, text

from app import create_app
from app.config import explicit_settings
from app.extensions import db
from benchmarks import chaos_smtp
from benchmarks.chaos_smtp import ChaosServer
from benchmarks.fault_checks import Findings, Killing, examine, under_way
from benchmarks.fault_load import Writer
from embedded import ProcessSpec, Servers, throwaway_servers
from embedded.process import kill_group, spawn, stop
from workers.processes import ROOT, commands

PHASES = (
    (chaos_smtp.REFUSES, 5),
    (chaos_smtp.DROPS, 15),
    (chaos_smtp.HANGS, 10),
    (chaos_smtp.DROPS, 15),
    (chaos_smtp.BUSY, 5),
)
"""How the mail server behaves, and for how many seconds; again and again."""
WORKER_LIFE, RELAY_LIFE, FLUSH_EVERY = 5, 20, 40
SHORTEN_EVERY = 10

SHORTEN = """
UPDATE deliveries SET next_at = now(), ring_at = now()
WHERE state = 'pending' AND attempts > 0 AND next_at > now() AND lease_until IS NULL
"""
THROUGH = "SELECT count(*) FROM deliveries WHERE channel = 'email' AND state <> 'pending'"
LEFT = """
SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending')
     + (SELECT count(*) FROM events WHERE position IS NULL)
"""


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Every:
    """True once in so many seconds, for the first time after so many."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def has_come(self) -> bool:
        if time.monotonic() - self._last < self._seconds:
            return False
        self._last = time.monotonic()
        return True


class Crew:
    """The relay and the worker: real processes, killed with all that they have started."""

    def __init__(self, env: Mapping[str, str], app: Flask, log: Path, engine: Engine) -> None:
        settings = app.config["SETTINGS"]
        self._broker = redis.Redis.from_url(settings.REDIS_URL)
        self._commands = commands(settings)
        self._env, self._log, self._engine = env, log.open("ab"), engine
        self._processes: dict[str, Popen[bytes]] = {}
        self._at_work_since: float | None = None
        self.killings: list[Killing] = []
        self.killed: Counter[str] = Counter()
        for name in ("relay", "worker"):
            self._start(name)

    def _start(self, name: str) -> None:
        spec = ProcessSpec(name=name, command=self._commands[name], env=self._env, cwd=ROOT)
        self._processes[name] = spawn(spec, self._log)

    def kill(self, name: str) -> None:
        """`kill -9` it, and start another one."""
        kill_group(self._processes[name])
        self._processes[name].wait()
        self.killed[name] += 1
        if name == "worker":
            with self._engine.connect() as connection:
                self.killings.append(Killing(time.time(), under_way(connection)))
            self._at_work_since = None
        self._start(name)

    def worker_age(self) -> float:
        """For how many seconds the worker has been taking messages; it needs some to start."""
        if self._at_work_since is None and self._takes_messages():
            self._at_work_since = time.monotonic()
        return time.monotonic() - self._at_work_since if self._at_work_since else 0.0

    def flush(self) -> None:
        """Let Redis forget everything."""
        self._broker.flushall()
        self.killed["Redis"] += 1

    def stop(self) -> None:
        for process in self._processes.values():
            stop(process, signal.SIGTERM, 30)
        self._broker.close()
        self._log.close()

    def _takes_messages(self) -> bool:
        return any(client["cmd"] == "brpop" for client in self._broker.client_list())


def torment(
    crew: Crew, server: ChaosServer, writer: Writer, is_enough: Callable[[float], bool]
) -> None:
    """Everything fails until all events are written and so many seconds of it are enough."""
    began = time.monotonic()
    relay_dies, redis_is_flushed, told = Every(RELAY_LIFE), Every(FLUSH_EVERY), Every(10)
    phases = itertools.cycle(PHASES)
    phase_ends = 0.0
    while writer.is_alive() or not is_enough(time.monotonic() - began):
        if time.monotonic() > phase_ends:
            mode, length = next(phases)
            server.switch_to(mode)
            phase_ends = time.monotonic() + length
        if crew.worker_age() > WORKER_LIFE:
            crew.kill("worker")
        if relay_dies.has_come():
            crew.kill("relay")
        if redis_is_flushed.has_come():
            crew.flush()
        if told.has_come():
            done = f"{writer.written:,} events, {len(server.arrivals):,} arrivals"
            say(f"  {done}, killed or flushed: {dict(crew.killed)}")
        if writer.failure:
            raise writer.failure
        time.sleep(0.2)


def wait(left: Callable[[], int], engine: Engine, server: ChaosServer, patience: float) -> int:
    """Until nothing is owed any more; returns how many pauses were shortened."""
    shortened, shortens, told = 0, Every(SHORTEN_EVERY), Every(10)
    ends = time.monotonic() + patience
    while (count := left()) and time.monotonic() < ends:
        if shortens.has_come():
            with engine.begin() as connection:
                shortened += connection.execute(text(SHORTEN)).rowcount
        if told.has_come():
            say(f"  {count:,} left, {len(server.arrivals):,} arrivals")
        time.sleep(0.2)
    return shortened


def report(findings: Findings) -> None:
    for name, count in (findings.figures | findings.broken).items():
        wrong = "  WRONG" if findings.broken.get(name) else ""
        say(f"{name:<62}{count:>8,}{wrong}")
    for reason, count in findings.dropped.items():
        say(f"  dropped: {reason:<51}{count:>8,}")


@contextmanager
def made_app(values: Mapping[str, Any]) -> Iterator[Flask]:
    """The application with all tables, in this process."""
    app = create_app(explicit_settings(**values))
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


def run(options: argparse.Namespace, servers: Servers, folder: Path) -> int:
    """Do it all; returns the exit code."""
    started, server = time.monotonic(), ChaosServer()
    values = {
        "SECRET_KEY": "benchmark-" + "x" * 32,
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "DATA_DIR": folder,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": server.port,
        "LOG_LEVEL": "ERROR",
    }
    digest = {"EMAIL_DIGEST_SECONDS": str(options.digest)}
    env = dict(os.environ) | {name: str(value) for name, value in values.items()} | digest
    engine = create_engine(servers.database_url)

    def count(query: str) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def is_enough(lasted: float) -> bool:
        return lasted > options.longest or count(THROUGH) >= writer.mails / 2

    with made_app(values) as app:
        writer = Writer(app, options.events)
        with app.app_context():
            writer.prepare()
        crew = Crew(env, app, folder / "processes.log", engine)
        try:
            say(f"{options.events:,} events, and everything fails:")
            writer.start()
            torment(crew, server, writer, is_enough)
            say("The faults are over; waiting for what is owed:")
            server.switch_to(chaos_smtp.HEALTHY)
            shortened = wait(lambda: count(LEFT), engine, server, options.patience)
        finally:
            crew.stop()
            server.stop()
    with engine.connect() as connection:
        findings = examine(connection, server.arrivals, crew.killings)
    engine.dispose()
    events = {"events": writer.written}
    causes = {
        f"{name} {'flushed' if name == 'Redis' else 'killed'}": count
        for name, count in crew.killed.items()
    }
    causes |= {f"connections {name}": count for name, count in server.faults.items()}
    findings.figures = (
        events | causes | {"pauses shortened at the end": shortened} | findings.figures
    )
    report(findings)
    say(f"{'seconds':<62}{time.monotonic() - started:>8,.0f}")
    return int(any(findings.broken.values()))


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=10_000)
    # The pauses between attempts grow with the faults, so that half may take very long.
    parser.add_argument("--longest", type=float, default=600, help="end the faults after seconds")
    parser.add_argument("--patience", type=float, default=1800, help="seconds to wait afterwards")
    parser.add_argument("--digest", type=int, default=0, help="EMAIL_DIGEST_SECONDS")
    options = parser.parse_args()
    with throwaway_servers() as servers, tempfile.TemporaryDirectory() as folder:
        return run(options, servers, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
