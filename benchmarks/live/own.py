"""The service as it is deployed, on ports of its own: a relay, a web and a realtime process."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Engine

from app import create_app
from app.config import explicit_settings
from app.extensions import db
from benchmarks.live.checks import Log, Reader
from benchmarks.live.clients import Client, allow_files
from benchmarks.live.console import say
from benchmarks.live.dialects import RAW, SOCKETIO
from benchmarks.live.ground import Ground, await_answer, free_address, ground
from benchmarks.live.log import log_after, members, settled
from benchmarks.live.pacing import read_lines
from benchmarks.live.people import World, populate, sign_in
from benchmarks.live.plan import Plan
from workers.processes import commands

RELAY, WEB, REALTIME = "relay", "web", "realtime"
SPARE = 1000
"""Files and places beside those of the sockets."""


class Own:
    """The service, with `plan.people` people in its database, each of them signed in.

    After each `start` the log begins anew for the checks: `log` and `readers` speak of that run.
    """

    name = "service"
    watched = REALTIME

    def __init__(self, ground: Ground, plan: Plan, *, sockets: int) -> None:
        self.ground, self.plan = ground, plan
        self.values = _settings(ground, sockets)
        self._env = {name: str(value) for name, value in self.values.items()}
        self.app = create_app(explicit_settings(**self.values))
        with self.app.app_context():
            upgrade()
            self.world: World = populate(plan)
            self.tokens: Sequence[str] = sign_in(self.app, self.world.people)
        (ground.folder / "world.json").write_text(json.dumps(asdict(self.world)))
        self._readers: Mapping[int, frozenset[str]] = {}
        self._since = 0
        self.web_port = self.port = 0

    @property
    def engine(self) -> Engine:
        """The database."""
        with self.app.app_context():
            return db.engine

    def start(self) -> None:
        """Start the processes, and wait until they are ready and nothing is under way."""
        known = commands(self.app.config["SETTINGS"])
        self.ground.start(RELAY, known[RELAY], self._env)
        self.web_port = self._serve(WEB, known[WEB])
        self.port = self._serve(REALTIME, known[WEB])
        self._since = settled(self.engine)
        with self.engine.connect() as connection:
            self._readers = members(connection)

    def clients(self) -> list[Client]:
        """One for each person; every other one speaks Socket.IO."""
        return [
            Client(number, user, self.tokens[number], (RAW, SOCKETIO)[number % 2])
            for number, user in enumerate(self.world.people)
        ]

    async def join(self, client: Client) -> None:
        """Connect, and ask for all that there is."""
        await client.connect(self.port)
        if client.dialect is RAW:
            for stream in sorted(self.streams(client)):
                await client.subscribe(stream)

    def streams(self, client: Client) -> frozenset[str]:
        """The streams that a client reads at the beginning."""
        reader = self.reader(client)
        return reader.projects | {reader.own}

    def writer(self, steps: Path, moments: Path, rate: float) -> tuple[list[str], dict[str, str]]:
        """The command that carries out steps, and its environment."""
        files = [str(each) for each in (self.ground.folder / "world.json", steps, moments)]
        command = [sys.executable, "-m", "benchmarks.live.writer", *files, str(rate)]
        return command, self._env

    def reader(self, client: Client) -> Reader:
        """What a client could read at the beginning of the run."""
        projects = self._readers.get(client.user, frozenset())
        return Reader(client.user, projects, joins_fully=client.dialect is SOCKETIO)

    def log(self, moments: Path) -> Log:
        """What has happened since `start`."""
        settled(self.engine)
        with self.engine.connect() as connection:
            return log_after(connection, self._since, dict(read_lines(moments)))

    def stop(self) -> None:
        """Stop the processes."""
        self.ground.stop_all()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _serve(self, name: str, command: Sequence[str]) -> int:
        address, port = free_address()
        process = self.ground.start(name, command, self._env | {"BIND": address})
        await_answer(f"http://{address}/readyz", process)
        return port


@contextmanager
def deployed(plan: Plan, *, sockets: int) -> Iterator[Own]:
    """The service with servers of its own, not started yet, and room for so many sockets."""
    allow_files(sockets + SPARE)
    with ground() as place:
        say(f"Making {plan.people:,} people …")
        own = Own(place, plan, sockets=sockets + SPARE)
        try:
            yield own
        finally:
            own.close()


def _settings(ground: Ground, sockets: int) -> dict[str, Any]:
    return {
        "SECRET_KEY": "benchmark-" + "x" * 32,
        "DATABASE_URL": ground.postgres.url,
        "REDIS_URL": ground.valkey.url,
        "DATA_DIR": ground.folder,
        "JOIN_DEFAULT_PROJECT": False,
        "SOCKETS_PER_PROCESS": sockets,
        "JWT_ACCESS_TOKEN_LIFETIME": 1440,
        "THROTTLE_USER_RATE": "1000000/hour",
        "LOG_LEVEL": "WARNING",
    }
