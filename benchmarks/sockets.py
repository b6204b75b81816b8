"""Two thousand sockets on one realtime process, fifty changes a second, and every client checked.

Half of the clients speak Socket.IO, half the bare WebSocket; each is one person who is in one of
`sockets / 20` projects. The changes (see `benchmarks.live.plan`) are made by the service's own
functions in a process of their own; some take people out of projects or tasks into others. When all
is over each client's messages are compared with the log: what it might see it must have heard
exactly once and in order, and nothing else. The exit code is 1 where that is not so.

With `--peer channels` the same clients do the same with a service written with Django Channels (see
`benchmarks/peers`), in alternating rounds of the same run: these machines are noisy, so quote the
ratio.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Callable, Sequence

from benchmarks.live.checks import percentile
from benchmarks.live.console import asked, say
from benchmarks.live.own import deployed
from benchmarks.live.plan import Plan
from benchmarks.live.rounds import Contestant, Figures, run_round
from benchmarks.peers.peer import Channels

SEED = 1


def report(name: str, found: Figures) -> None:
    """What one round gave."""
    delays = found.verdict.delays
    middle, slow = (percentile(delays, share) * 1000 for share in (0.5, 0.99))
    say(f"{name}: {found.verdict.expected:,} messages expected, {len(delays):,} heard in time")
    for what, count in found.verdict.wrong.items():
        say(f"  {what:<30}{count:>10,}{'  WRONG' if count else ''}")
    say(f"  {'commit to client, p50':<30}{middle:>10.1f} ms")
    say(f"  {'commit to client, p99':<30}{slow:>10.1f} ms")
    say(f"  {'commit to client, longest':<30}{max(delays, default=0) * 1000:>10.1f} ms")
    for kind, kilobytes in found.memory.items():
        say(f"  {'memory of a socket, ' + kind:<30}{kilobytes:>10.1f} KB")
    for process, seconds in found.cpu.items():
        say(f"  {'CPU, ' + process:<30}{seconds:>10.1f} s of {found.seconds:.0f} s")
    if found.late > 1:
        say(f"  The writer was {found.late:.1f} s late: the machine is too busy for this rate.")


def compare(rounds: Sequence[tuple[Figures, Figures]]) -> None:
    """Medians of all rounds, ours beside the peer's."""
    measures: dict[str, Callable[[Figures], float]] = {
        "commit to client, p50, ms": lambda f: percentile(f.verdict.delays, 0.5) * 1000,
        "commit to client, p99, ms": lambda f: percentile(f.verdict.delays, 0.99) * 1000,
        "memory of a socket, KB": lambda f: statistics.mean(f.memory.values()),
        "CPU of the socket process, s": lambda f: f.cpu["realtime"],
        "CPU of all, writer apart, s": lambda f: sum(f.cpu.values()),
    }
    say(f"\n{'medians':<34}{'service':>10}{'peer':>10}{'ratio':>8}")
    for name, measure in measures.items():
        pairs = [(measure(ours), measure(peer)) for ours, peer in rounds]
        ours, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(mine / theirs for mine, theirs in pairs if theirs)
        say(f"{name:<34}{ours:>10.1f}{peer:>10.1f}{ratio:>8.2f}")


async def run(options: argparse.Namespace, contestants: Sequence[Contestant]) -> bool:
    """All rounds; whether ours kept what is promised."""
    kept, pairs = True, []
    for number in range(options.rounds):
        found = []
        for contestant in contestants:
            say(f"Round {number + 1}, {contestant.name}:")
            found.append(await run_round(contestant, rate=options.rate, seconds=options.seconds))
            report(contestant.name, found[-1])
        kept &= not any(found[0].verdict.wrong.values())
        if len(found) > 1:
            pairs.append((found[0], found[1]))
    if pairs:
        compare(pairs)
    return kept


def main() -> int:
    """Run the benchmark."""
    parser = asked("sockets", __doc__)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50, help="changes a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peer", choices=["channels"])
    options = parser.parse_args()
    plan = Plan(options.sockets, seed=SEED)
    with deployed(plan, sockets=options.sockets) as own:
        contestants: list[Contestant] = [own]
        if options.peer:
            peer_plan = Plan(options.sockets, seed=SEED)
            contestants.append(Channels(own.ground, peer_plan, seed=SEED))
        return int(not asyncio.run(run(options, contestants)))


if __name__ == "__main__":
    sys.exit(main())
