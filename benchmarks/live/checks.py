"""What each client must have heard, may have heard and must not have heard, told by the log."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.live.clients import Heard

JOINED, LEFT = "member.added", "member.removed"
Key = tuple[str, str]
"""A stream, and the id of an event in it."""


class Entry(NamedTuple):
    """An event at its place in one stream, as the log holds it.

    `person` is who joins or leaves `project`; `tells` whether those who read the stream may be told
    more than an id; `at` when it was committed.
    """

    position: int
    stream: str
    seq: int
    event: str
    type: str
    tells: bool
    at: float
    project: str = ""
    person: int = 0


class Reader(NamedTuple):
    """Whose client it is, and which projects (streams) he or she was in at the beginning.

    `joins_fully` tells whether the client hears everything of a project that is joined later; one
    that has to subscribe first hears of its tasks alone.
    """

    user: int
    projects: frozenset[str]
    joins_fully: bool = True

    @property
    def own(self) -> str:
        """The stream of the person."""
        return f"user:{self.user}"


class Right(NamedTuple):
    """That a client may hear of an entry, and whether it must."""

    entry: Entry
    must: bool


class Log:
    """The entries of a run in the order of their positions."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries)
        self._of_stream: defaultdict[str, list[Entry]] = defaultdict(list)
        self._moves: defaultdict[int, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            self._of_stream[entry.stream].append(entry)
            # Once for each move: it is in the project's stream and in the person's.
            if entry.type in (JOINED, LEFT) and entry.stream == entry.project:
                self._moves[entry.person].append(entry)

    def rights(self, reader: Reader, grace: float) -> Mapping[Key, Right]:
        """What a reader may hear.

        Somebody may be shown out of a project as soon as the removal is committed, so what came in
        the `grace` seconds before it need not have arrived any more.
        """
        found: dict[Key, Right] = {}
        for stream, since, until, ends in self._spans(reader):
            for entry in self._of_stream[stream]:
                if since <= entry.position < until:
                    fully = reader.joins_fully or since == 0 or entry.type.startswith("task.")
                    must = fully and entry.at <= ends - grace
                    found[stream, entry.event] = Right(entry, must)
        return found

    def _spans(self, reader: Reader) -> list[tuple[str, int, float, float]]:
        """From which position up to which (at what moment) each stream is the reader's."""
        began = dict.fromkeys(reader.projects, 0)
        spans = [(reader.own, 0, math.inf, math.inf)]
        for move in self._moves[reader.user]:
            if move.type == JOINED:
                began[move.project] = move.position
            elif move.project in began:
                spans.append((move.project, began.pop(move.project), move.position, move.at))
        return spans + [(stream, since, math.inf, math.inf) for stream, since in began.items()]


@dataclass
class Verdict:
    """What is wrong with what clients heard (all must be 0), and how long it took."""

    wrong: Counter[str]
    delays: list[float]
    expected: int = 0

    @classmethod
    def none(cls) -> "Verdict":
        """Nothing heard yet."""
        names = ("missing", "doubled", "out of order", "leaked")
        return cls(Counter(dict.fromkeys(names, 0)), [])

    def judge(
        self, heard: Sequence[Heard], rights: Mapping[Key, Right], own: str, *, across: bool
    ) -> None:
        """Add one client; `across` streams, too, it must have heard all in the log's order."""
        seen: set[Key] = set()
        latest: defaultdict[str, int] = defaultdict(int)
        for each in heard:
            right = rights.get((each.stream, each.event))
            if right is None or not _is_as_logged(each, right.entry):
                # A notification is no event of a stream; it is for one person.
                self.wrong["leaked"] += bool(each.event) or each.stream != own
                continue
            line = "" if across else each.stream
            self.wrong["doubled"] += (each.stream, each.event) in seen
            self.wrong["out of order"] += right.entry.position < latest[line]
            latest[line] = max(latest[line], right.entry.position)
            seen.add((each.stream, each.event))
            self.delays.append(each.at - right.entry.at)
        must = {key for key, right in rights.items() if right.must}
        self.expected += len(must)
        self.wrong["missing"] += len(must - seen)


def _is_as_logged(heard: Heard, entry: Entry) -> bool:
    return heard.seq in (None, entry.seq) and (entry.tells or not heard.tells)


def percentile(values: Collection[float], share: float) -> float:
    """The value below which that share of all lies; 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0
