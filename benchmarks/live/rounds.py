"""One round: connect everybody, let changes happen at a steady rate, check what was heard."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.live.checks import Log, Reader, Verdict
from benchmarks.live.clients import Client, each, hang_up
from benchmarks.live.companion import companion
from benchmarks.live.console import say
from benchmarks.live.ground import Ground, resident
from benchmarks.live.pacing import write_lines
from benchmarks.live.plan import Plan

GRACE_SECONDS = 3.0
SETTLE_SECONDS = 3.0


class Contestant(Protocol):
    """Something that tells clients what changes; `watched` is the process that holds sockets."""

    name: str
    watched: str
    ground: Ground
    plan: Plan

    def start(self) -> None:
        """Start all but the servers."""

    def clients(self) -> list[Client]:
        """One for each person."""

    async def join(self, client: Client) -> None:
        """Connect a client and let it hear all that it may."""

    def writer(self, steps: Path, moments: Path, rate: float) -> tuple[list[str], dict[str, str]]:
        """The command that carries out steps, and its environment."""

    def reader(self, client: Client) -> Reader:
        """What a client could read at the beginning of the run."""

    def log(self, moments: Path) -> Log:
        """What has happened since `start`."""

    def stop(self) -> None:
        """Stop what `start` started."""


@dataclass
class Figures:
    """What one round gave."""

    verdict: Verdict
    memory: dict[str, float] = field(default_factory=dict)
    """Kilobytes for each socket, by kind."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Seconds of each process while the changes were made."""
    late: float = 0.0
    """How late the writer was in the end."""
    seconds: float = 0.0


async def run_round(contestant: Contestant, *, rate: float, seconds: float) -> Figures:
    """Do it all once; the processes are started and stopped here."""
    contestant.start()
    clients = contestant.clients()
    try:
        found = Figures(Verdict.none(), await connect(contestant, clients))
        moments = await changes(contestant, clients, found, rate, seconds)
    finally:
        hang_up(clients)
        await asyncio.sleep(0)
    say("  comparing with the log …")
    log = contestant.log(moments)
    for client in clients:
        reader = contestant.reader(client)
        rights = log.rights(reader, GRACE_SECONDS)
        found.verdict.judge(client.heard, rights, reader.own, across=True)
    contestant.stop()
    return found


async def connect(contestant: Contestant, clients: Sequence[Client]) -> dict[str, float]:
    """Connect all, kind by kind; the kilobytes that a socket of each kind took."""
    process = contestant.ground.processes[contestant.watched]
    kinds: dict[str, list[Client]] = {client.dialect.name: [] for client in clients}
    for client in clients:
        kinds[client.dialect.name].append(client)
    taken = {}
    for kind, some in kinds.items():
        before = resident(process.pid)
        await each(some, contestant.join)
        await asyncio.sleep(SETTLE_SECONDS)
        taken[kind] = (resident(process.pid) - before) / len(some) / 1024
        say(f"  {len(some):,} {kind} sockets, {taken[kind]:.0f} KB each")
    return taken


async def changes(
    contestant: Contestant, clients: Sequence[Client], found: Figures, rate: float, seconds: float
) -> Path:
    """Let the writer work; returns the file that says when each change was committed."""
    steps, moments = (contestant.ground.folder / name for name in ("steps", "moments"))
    write_lines(steps, map(asdict, contestant.plan.draw(int(rate * seconds))))
    command, env = contestant.writer(steps, moments, rate)
    loop = asyncio.get_running_loop()
    async with companion(command, env) as writer, _without_pauses():
        before, began = contestant.ground.used(), loop.time()
        found.late = float(await writer.work())
        found.seconds = loop.time() - began
        found.cpu = _difference(before, contestant.ground.used())
    await quiet(clients)
    return moments


@asynccontextmanager
async def _without_pauses() -> AsyncIterator[None]:
    """Keep the clients' own search for garbage (0.5 s each) from being taken for a late message."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def quiet(clients: Sequence[Client]) -> None:
    """Return once nobody hears anything any more."""
    heard = -1
    while heard != (heard := sum(len(client.heard) for client in clients)):
        await asyncio.sleep(SETTLE_SECONDS)


def _difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: used - before.get(name, 0.0) for name, used in after.items()}
