"""Two hundred subscribers that resume, while everything between them and the log fails.

While twenty changes a second are made, all connections are cut, Redis is killed and started again
three seconds later, and the realtime process is killed with `kill -9` and started again, in turns,
each for some seconds; meanwhile people are taken out of projects and tasks are moved. Half of the
clients speak Socket.IO, half the bare WebSocket. Each keeps the last `seq` of its streams and names
it when it comes back. In the end what each has kept is compared with the log; the exit code is 1
where something is missing, doubled, out of order, or came to somebody who might not see it.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from itertools import cycle
from pathlib import Path

from benchmarks.live.checks import Verdict, percentile
from benchmarks.live.clients import hang_up
from benchmarks.live.companion import companion
from benchmarks.live.console import asked, say
from benchmarks.live.dialects import RAW, SOCKETIO
from benchmarks.live.ground import Ground
from benchmarks.live.own import REALTIME, Own, deployed
from benchmarks.live.pacing import write_lines
from benchmarks.live.plan import Plan
from benchmarks.live.resuming import ResumingClient
from benchmarks.live.rounds import quiet

REDIS_IS_DOWN_SECONDS = 3.0
BETWEEN_FAULTS_SECONDS = 5.0
SETTLE_SECONDS = 90.0
BEACON_SECONDS = 16.0
"""A little more than the server's pause: whoever is behind without knowing it is told by then."""

# Who is removed while the line is down is not told any more what came before it.
GRACE_SECONDS = 60.0


class Tormentor:
    """The faults; `met` counts them."""

    def __init__(self, place: Ground, clients: Sequence[ResumingClient]) -> None:
        self._ground, self._clients = place, clients
        self.met: Counter[str] = Counter()

    async def go_on(self, is_over: Callable[[], bool]) -> None:
        """One fault after the other, until it is over."""
        faults: Sequence[Callable[[], Awaitable[None]]] = (
            self.cut_all,
            self.restart_redis,
            self.kill_realtime,
        )
        for fault in cycle(faults):
            await asyncio.sleep(BETWEEN_FAULTS_SECONDS)
            if is_over():
                return
            await fault()
            await settled(self._clients)

    async def cut_all(self) -> None:
        """All connections are lost at once."""
        self.met["all connections cut"] += 1
        hang_up(self._clients)

    async def restart_redis(self) -> None:
        """Redis dies, and comes back empty."""
        self.met["Redis killed"] += 1
        self._ground.kill_valkey()
        await asyncio.sleep(REDIS_IS_DOWN_SECONDS)
        self._ground.valkey.start()

    async def kill_realtime(self) -> None:
        """The process with the sockets dies."""
        self.met["realtime process killed"] += 1
        self._ground.kill(REALTIME)


async def settled(clients: Sequence[ResumingClient]) -> None:
    """Wait until everybody is back. Raises TimeoutError."""
    ends = time.monotonic() + SETTLE_SECONDS
    while not all(client.is_settled for client in clients):
        if time.monotonic() > ends:
            away = sum(not client.is_settled for client in clients)
            raise TimeoutError(f"{away} clients did not come back.")
        await asyncio.sleep(0.1)


async def torment(own: Own, clients: Sequence[ResumingClient], rate: float, seconds: float) -> int:
    """The changes and the faults; returns how many things are wrong in the end."""
    steps, moments = (own.ground.folder / name for name in ("steps", "moments"))
    write_lines(steps, map(asdict, own.plan.draw(int(rate * seconds))))
    for client in clients:
        client.begin(own.port, own.streams(client))
    await settled(clients)
    say(f"{len(clients)} subscribers; {rate:g} changes a second, and everything fails:")
    tormentor = Tormentor(own.ground, clients)
    async with companion(*own.writer(steps, moments, rate)) as writer:
        writing = asyncio.create_task(writer.work())
        await tormentor.go_on(writing.done)
        await writing
    say("The faults are over; waiting for what is still to come …")
    await settled(clients)
    await quiet(clients)
    await asyncio.sleep(BEACON_SECONDS)
    for client in clients:
        client.end()
    verdict = judged(own, clients, moments)
    report(tormentor, clients, verdict)
    return sum(verdict.wrong.values())


def judged(own: Own, clients: Sequence[ResumingClient], moments: Path) -> Verdict:
    """What the clients kept, compared with the log."""
    log, verdict = own.log(moments), Verdict.none()
    for client in clients:
        reader = own.reader(client)
        rights = log.rights(reader, GRACE_SECONDS)
        verdict.judge(client.heard, rights, reader.own, across=False)
    return verdict


def report(tormentor: Tormentor, clients: Sequence[ResumingClient], verdict: Verdict) -> None:
    """What was done, what the clients met, and what is wrong."""
    met = sum((client.met for client in clients), Counter[str]())
    for what, count in (tormentor.met + met).items():
        say(f"{what:<40}{count:>8,}")
    say(f"{'messages expected':<40}{verdict.expected:>8,}")
    say(f"{'messages kept':<40}{len(verdict.delays):>8,}")
    say(f"{'longest wait for one':<40}{percentile(verdict.delays, 1):>8.1f} s")
    for what, count in verdict.wrong.items():
        say(f"{what:<40}{count:>8,}{'  WRONG' if count else ''}")


def main() -> int:
    """Run the benchmark."""
    parser = asked("socket_faults", __doc__)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20, help="changes a second")
    parser.add_argument("--seconds", type=float, default=90)
    options = parser.parse_args()
    plan = Plan(options.subscribers, seed=2, joins=False)
    with deployed(plan, sockets=options.subscribers) as own:
        own.start()
        clients = [
            ResumingClient(number, user, own.tokens[number], (RAW, SOCKETIO)[number % 2])
            for number, user in enumerate(own.world.people)
        ]
        wrong = asyncio.run(torment(own, clients, options.rate, options.seconds))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
