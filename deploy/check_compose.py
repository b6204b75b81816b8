"""Try the container stack for real: `make check-compose`. Needs a Docker engine and free ports.

It builds and starts docker-compose.yml as a project of its own, does in it what docs/docker.md
says, ends each container in turn while writes go on, and prints a line for each step. At the end
the project is deleted, with its data. The exit code is 0 when everything held.
"""

import sys
import time
from collections.abc import Callable
from functools import partial

import requests
import socketio
from compose_stack import (
    API,
    PASSWORD,
    SOCKETS,
    WEB,
    Person,
    Traffic,
    compose,
    containers,
    docker,
    mails,
    seconds_until,
    unfit,
)  # fmt: skip

LASTING = (
    "web", "api", "realtime", "relay", "worker", "celery", "beat", "proxy", "redis", "cache", "db",
)  # fmt: skip
APPLICATION = ("web", "api", "realtime", "relay", "worker", "celery", "beat")
DATABASE = ("-U", "tasks", "tasks")
ADMIN = ("--username", "root", "--email", "root@example.com", "--password", PASSWORD)
COMMANDS = (
    ("web", "python", "manage.py", "migrate"),
    ("api", "python", "manage.py", "createsuperuser", *ADMIN),
    ("api", "python", "manage.py", "makemigrations"),
    ("web", "flask", "jobs", "run", "check_sla"),
    ("web", "bash", "-c", "exit"),
    ("web", "sh", "-c", "exit"),
    ("api", "pytest", "tests/test_config.py"),
)


class Check:
    """The steps; each leaves the stack whole."""

    def __init__(self) -> None:
        self.heard: set[int] = set()
        self.ada = Person("ada", API)
        self.bob = Person("bob", WEB)
        self.socket = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1)
        self.socket.on("task.created", lambda message: self.heard.add(message["task_id"]))

    def run(self) -> None:
        """Take all steps, in this order."""
        self.build()
        self.sign_in()
        self.commands()
        for name in LASTING:
            self.crash(name)
        for name in LASTING:
            self.kill(name)
        self.restart()
        self.down_and_up()
        self.backup()

    def build(self) -> None:
        """Build the image and start everything."""
        note("docker-compose build", f"{timed(lambda: compose('build')):.0f} s")
        began = time.monotonic()
        note("docker-compose up -d", f"{timed(lambda: compose('up', '-d')):.0f} s")
        seconds_until(lambda: not unfit())
        note("everything healthy", f"{time.monotonic() - began:.0f} s after up -d")

    def sign_in(self) -> None:
        """Register two people, each at another port, and connect a socket at the third."""
        for base in (WEB, API, SOCKETS):
            for path in ("/readyz", "/api/docs/", "/api/health/"):
                requests.get(base + path, timeout=10).raise_for_status()
        self.ada.sign_in()
        self.bob.sign_in()
        self.socket.connect(SOCKETS, auth={"token": self.ada.token})
        note("HTTP, socket and mail, through the proxy", f"{self.round_trip():.1f} s")

    def commands(self) -> None:
        """Run the commands that people know."""
        for command in COMMANDS:
            seconds = timed(partial(compose, "exec", "-T", *command))
            note(f"exec {' '.join(command[:4])}", f"{seconds:.1f} s")
        for name in ("api", "celery"):
            assert compose("logs", "--tail=5", name), f"no log of {name}"

    def round_trip(self, limit: float = 120) -> float:
        """Return how long it takes until a write is through to a socket and a mail."""
        began = time.monotonic()
        before = mails()

        def is_heard() -> bool:
            """A socket that is just connecting again misses one write, and hears the next."""
            try:
                task = self.ada.create(assignee=self.bob.id)
                seconds_until(lambda: task in self.heard, 3)
            except (requests.RequestException, TimeoutError):
                return False
            return True

        seconds_until(is_heard, limit)
        seconds_until(lambda: mails() > before, limit)
        return time.monotonic() - began

    def crash(self, name: str) -> None:
        """Kill every process in a container; the engine starts it again."""
        restarts = containers()[name]["RestartCount"]
        with Traffic(self.ada) as traffic:
            compose("exec", "-T", name, "sh", "-c", "kill -9 -1", check=False)
            through = self.round_trip()
            seconds_until(lambda: containers()[name]["RestartCount"] > restarts)
            seconds_until(lambda: not unfit())
            pause = traffic.longest_pause()
        self.all_there()
        note(
            f"processes of {name} killed",
            f"no write for {pause:.1f} s, all works in {through:.1f} s",
        )

    def kill(self, name: str) -> None:
        """`docker kill`, which the engine takes for the wish that it be stopped; then `up -d`."""
        with Traffic(self.ada) as traffic:
            docker("kill", compose("ps", "-q", name).strip())
            try:
                alone = f"all works without it in {self.round_trip(20):.1f} s"
            except TimeoutError:
                alone = "something waits for it"
            is_back = containers()[name]["State"]["Running"]
            began = time.monotonic()
            compose("up", "-d")
            self.round_trip()
            through = time.monotonic() - began
            seconds_until(lambda: not unfit())
            pause = traffic.longest_pause()
        self.all_there()
        back = "back by itself" if is_back else "stays down"
        result = f"{alone}, no write for {pause:.1f} s; {back}; {through:.1f} s from up -d to all"
        note(f"docker kill {name}", result)

    def restart(self) -> None:
        """Restart one of the two web containers, and the only realtime one, under traffic."""
        for name in ("api", "realtime"):
            with Traffic(self.ada) as traffic:
                seconds = timed(partial(compose, "restart", name))
                seconds_until(lambda: not unfit())
                pause = traffic.longest_pause()
            note(f"restart {name}", f"{seconds:.1f} s, no write for {pause:.1f} s")

    def down_and_up(self) -> None:
        """Take everything down and up again: data, mails and sessions stay."""
        before = mails()
        down = timed(lambda: compose("down"))
        up = timed(lambda: compose("up", "-d"))
        self.all_there()
        assert mails() == before, "mails are missing"
        note("down, up -d", f"{down:.0f} s, {up:.0f} s; data and sessions kept")

    def backup(self) -> None:
        """Dump the database, change it, and go back."""
        dump = compose("exec", "-T", "db", "pg_dump", "--clean", "--if-exists", *DATABASE)
        kept = len(self.ada.acknowledged)
        later = self.ada.create()
        compose("stop", *APPLICATION)
        psql = ("psql", "--quiet", "--single-transaction", "-v", "ON_ERROR_STOP=1")
        compose("exec", "-T", "db", *psql, *DATABASE, text=dump)
        compose("up", "-d")
        assert self.ada.missing() == {later}, "the restored data is not that of the backup"
        self.ada.acknowledged.discard(later)
        note("pg_dump, psql", f"{len(dump) // 1024} KiB, all {kept} tasks back")

    def all_there(self) -> None:
        """See that nothing acknowledged is missing."""
        missing = self.ada.missing()
        assert not missing, f"acknowledged and gone: {sorted(missing)}"


def timed(act: Callable[[], object]) -> float:
    """Do it, and return for how many seconds."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def note(what: str, result: str) -> None:
    """Print a row."""
    print(f"{what:44} {result}", flush=True)


def main() -> int:
    """Check; the stack is deleted in any case."""
    check = Check()
    try:
        check.run()
    except (AssertionError, TimeoutError, requests.RequestException) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        print(compose("logs", "--tail=20", check=False), file=sys.stderr)
        return 1
    finally:
        check.socket.disconnect()
        compose("down", "--volumes", check=False)
    print(f"Everything held; {len(check.ada.acknowledged)} writes acknowledged, none lost.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
