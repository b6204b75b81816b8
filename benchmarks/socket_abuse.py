"""What ordinary requests feel of five hundred idle strangers and fifty oversized messages.

The time of requests at a steady rate is measured in turns with and without abuse: 500 sockets that
show no token (the server closes each after 5 s, and it comes again at once), and meanwhile 50
messages of 20 MB where 64 KB are allowed, all at once. First the sockets have a process of their
own beside the web process, as in production; then one process serves both, as run.py has it.

The exit code is 1 where in the median the p99 is more than twice as long under abuse, or where the
processes have grown by more than 50 MB. The abusers take their part of the machine, too: on two
cores they alone make requests slower.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.live.abusers import Abusers
from benchmarks.live.checks import percentile
from benchmarks.live.companion import companion
from benchmarks.live.console import asked, say
from benchmarks.live.ground import resident
from benchmarks.live.own import REALTIME, WEB, Own, deployed
from benchmarks.live.plan import Plan

PEOPLE = 100
MOST_P99, MOST_MEGABYTES = 2.0, 50.0
BEFORE_SHOUTING_SECONDS = 2.0
GATHERING_SECONDS = 3.0
BETWEEN_SECONDS = 6.0
"""Until the last of the strangers have been shown out."""


@dataclass(frozen=True)
class Topology:
    """Which process serves requests, and which sockets."""

    name: str
    web_port: int
    socket_port: int
    processes: tuple[str, ...]


@dataclass
class Findings:
    """Milliseconds of requests by round, and megabytes."""

    alone: list[list[float]] = field(default_factory=list)
    abused: list[list[float]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios of p99."""
        rounds = zip(self.alone, self.abused, strict=True)
        return statistics.median(percentile(b, 0.99) / percentile(a, 0.99) for a, b in rounds)

    @property
    def growth(self) -> float:
        """By how much the processes were larger at most than in the beginning."""
        return max(self.memory) - self.memory[0]


class Trial:
    """One topology: requests alone and under abuse, in turns."""

    def __init__(self, own: Own, topology: Topology, options: argparse.Namespace) -> None:
        self._own, self._topology, self._options = own, topology, options
        self._abusers = Abusers(topology.socket_port, own.tokens)
        self.found = Findings()

    async def run(self) -> None:
        """All rounds; the first requests of all warm the service up."""
        say(f"{self._topology.name}:")
        await self._requests()
        self._weigh()
        for _ in range(self._options.rounds):
            self.found.alone.append(await self._requests())
            async with self._abuse():
                self.found.abused.append(await self._requests())
            self._weigh()
            say(f"  {self._line(self.found.alone[-1])}   {self._line(self.found.abused[-1])}")
            await asyncio.sleep(BETWEEN_SECONDS)
        self.report()

    def report(self) -> None:
        """What came of it."""
        found, met = self.found, self._abusers.met
        for what, count in met.items():
            say(f"  {what:<50}{count:>8,}")
        wrong = "  WRONG" if found.ratio > MOST_P99 else ""
        say(f"  {'p99 under abuse to p99 alone, median':<50}{found.ratio:>8.2f}{wrong}")
        wrong = "  WRONG" if found.growth > MOST_MEGABYTES else ""
        say(f"  {'growth of memory at most, MB':<50}{found.growth:>8.1f}{wrong}")

    async def _requests(self) -> list[float]:
        asked = [self._topology.web_port, self._own.tokens[0], self._own.world.boards[0]]
        size = [self._options.seconds, self._options.rate]
        command = [sys.executable, "-m", "benchmarks.live.http_load", *map(str, asked + size)]
        async with companion(command, os.environ) as load:
            took: list[float] = json.loads(await load.work())
        return took

    @asynccontextmanager
    async def _abuse(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._abusers.idle(n)) for n in range(self._options.idle)]
        await asyncio.sleep(GATHERING_SECONDS)
        tasks.append(asyncio.create_task(self._watch()))
        shouting = asyncio.create_task(self._shout())
        try:
            yield
            await shouting
        finally:
            tasks.append(shouting)
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

    async def _shout(self) -> None:
        await asyncio.sleep(BEFORE_SHOUTING_SECONDS)
        shouts = (self._abusers.shout(number) for number in range(self._options.oversized))
        await asyncio.gather(*shouts)

    async def _watch(self) -> None:
        while True:
            self._weigh()
            await asyncio.sleep(0.2)

    def _weigh(self) -> None:
        pids = [self._own.ground.processes[name].pid for name in self._topology.processes]
        self.found.memory.append(sum(map(resident, pids)) / 1_000_000)

    def _line(self, took: Sequence[float]) -> str:
        middle, slow = percentile(took, 0.5), percentile(took, 0.99)
        return f"p50 {middle:7.1f} ms, p99 {slow:7.1f} ms"


async def run(own: Own, options: argparse.Namespace) -> bool:
    """Both topologies; whether what is promised was kept."""
    apart = Topology(
        "A web and a realtime process (alone; under abuse)", own.web_port, own.port, (WEB, REALTIME)
    )
    together = Topology("One process for all (alone; under abuse)", own.port, own.port, (REALTIME,))
    kept = True
    for topology in (apart, together):
        trial = Trial(own, topology, options)
        await trial.run()
        kept &= trial.found.ratio <= MOST_P99 and trial.found.growth <= MOST_MEGABYTES
    return kept


def main() -> int:
    """Run the benchmark."""
    parser = asked("socket_abuse", __doc__)
    parser.add_argument("--idle", type=int, default=500)
    parser.add_argument("--oversized", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20, help="of each phase")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with deployed(Plan(PEOPLE, seed=3), sockets=options.idle) as own:
        own.start()
        return int(not asyncio.run(run(own, options)))


if __name__ == "__main__":
    sys.exit(main())
