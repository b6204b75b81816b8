"""The service written with Django Channels, as a contestant of `benchmarks.sockets`."""

import hashlib
import json
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from benchmarks.live.checks import Entry, Log, Reader
from benchmarks.live.clients import Client
from benchmarks.live.console import say
from benchmarks.live.dialects import CHANNELS
from benchmarks.live.ground import Ground, await_answer, free_address
from benchmarks.live.pacing import read_lines
from benchmarks.live.plan import Plan
from workers.processes import ROOT

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
COMMANDS = "benchmarks.peers.channels.commands"
REALTIME = "realtime"


def python() -> str:
    """The interpreter of the peer's environment, which is made where it is not there yet."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    place = Path(tempfile.gettempdir()) / f"task-service-peer-{digest}"
    found, done = place / "bin" / "python", place / "complete"
    if not done.exists():
        say(f"Installing {REQUIREMENTS.name} of the peer into {place} …")
        venv.create(place, clear=True, with_pip=True)
        install = [str(found), "-m", "pip", "install", "-qq", "-r", str(REQUIREMENTS)]
        subprocess.run(install, check=True)  # noqa: S603 - our own file
        done.touch()
    return str(found)


class Channels:
    """The peer; who is in which project is what its own writer noted."""

    name = "channels"
    watched = REALTIME

    def __init__(self, ground: Ground, plan: Plan, *, seed: int) -> None:
        self.ground, self.plan, self.port = ground, plan, 0
        self._python = python()
        self._world = ground.folder / "peer.json"
        url = make_url(ground.postgres.url)
        bare = create_engine(url, isolation_level="AUTOCOMMIT")
        with bare.connect() as connection:
            connection.execute(text("CREATE DATABASE peer"))
        bare.dispose()
        self._env = {
            "PEER_DATABASE_URL": url.set(database="peer").render_as_string(hide_password=False),
            "PEER_REDIS_URL": ground.valkey.url.removesuffix("0") + "1",
        }
        fill = [self._python, "-m", COMMANDS, "populate", str(plan.people), str(seed)]
        subprocess.run([*fill, str(self._world)], check=True, cwd=ROOT, env=self._env)  # noqa: S603
        self._ids = json.loads(self._world.read_text())
        self._readers: dict[int, set[str]] = {}

    def start(self) -> None:
        """Start the server."""
        address, self.port = free_address()
        command = [self._python, "-m", "uvicorn", "benchmarks.peers.channels.asgi:application"]
        place = ["--host", "127.0.0.1", "--port", str(self.port)]
        quiet = ["--log-level", "warning", "--no-access-log"]
        process = self.ground.start(REALTIME, [*command, *place, *quiet], self._env)
        await_answer(f"http://{address}/", process)
        self._readers = {user: set() for user in self._ids["people"]}
        for number, project in enumerate(self._ids["projects"]):
            for person in self.plan.members(number):
                self._readers[self._ids["people"][person]].add(f"project:{project}")

    def clients(self) -> list[Client]:
        """One for each person."""
        pairs = zip(self._ids["people"], self._ids["tokens"], strict=True)
        return [Client(number, user, key, CHANNELS) for number, (user, key) in enumerate(pairs)]

    async def join(self, client: Client) -> None:
        """Connect; the server knows the rest."""
        await client.connect(self.port)

    def writer(self, steps: Path, moments: Path, rate: float) -> tuple[list[str], dict[str, str]]:
        """The command that carries out steps, and its environment."""
        files = [str(each) for each in (self._world, steps, moments)]
        return [self._python, "-m", COMMANDS, "write", *files, str(rate)], self._env

    def reader(self, client: Client) -> Reader:
        """What a client could read at the beginning of the run."""
        return Reader(client.user, frozenset(self._readers[client.user]))

    def log(self, moments: Path) -> Log:
        """What the writer noted; a change has one position, as it had one transaction."""
        entries, positions, seqs = [], dict[str, int](), Counter[str]()
        for row in read_lines(moments):
            position = positions.setdefault(row["event"], len(positions) + 1)
            seqs[row["stream"]] += 1
            entries.append(Entry(position=position, seq=seqs[row["stream"]], **row))
        return Log(entries)

    def stop(self) -> None:
        """Stop the server."""
        self.ground.stop_all()

    def close(self) -> None:
        """Nothing is held."""
