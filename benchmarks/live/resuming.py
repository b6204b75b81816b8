"""A client that comes back by itself and resumes, as docs/live-updates.md tells one to."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable

from benchmarks.live.clients import Client, Heard
from benchmarks.live.dialects import Dialect
from benchmarks.live.line import Refused

PAUSE_SECONDS = 1.0
"""On the average, as the clients of Socket.IO do it."""
_TRANSIENT = ("unavailable", "Try again later")


class ResumingClient(Client):
    """Keeps the last `seq` of each stream; what it keeps of a stream has no gap and no repetition.

    `met` counts what it had to cope with.
    """

    def __init__(self, number: int, user: int, token: str, dialect: Dialect) -> None:
        super().__init__(number, user, token, dialect)
        self.known: dict[str, int | None] = {}
        self.met: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._is_lost = asyncio.Event()
        self._life: asyncio.Task[None]
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, port: int, streams: Iterable[str]) -> None:
        """Connect and stay connected until `end`."""
        self.known = dict.fromkeys(streams)
        self._life = asyncio.create_task(self._live(port))

    def end(self) -> None:
        """Hang up and do not come back."""
        self._life.cancel()
        self.cut()

    async def _live(self, port: int) -> None:
        while True:
            self._is_lost.clear()
            # What comes before it has asked for a stream will be part of the answer.
            self._asked = set(self.known)
            try:
                await self.connect(port)
                await self._resume_all()
                await self._is_lost.wait()
            except (OSError, Refused, TimeoutError):
                self.met["attempts that failed"] += 1
                self.cut()
            self.met["connections that ended"] += 1
            await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))

    @property
    def is_settled(self) -> bool:
        """Whether it is connected and waits for no answer. Raises what has ended its life."""
        if self._life.done():
            self._life.result()
        return self.is_open and not self._asked and None not in self.known.values()

    def take(self, heard: Heard) -> None:
        """Keep what comes next in its stream; ask again where something was left out."""
        known = self.known.get(heard.stream)
        if heard.seq is None or known is None:
            return  # Before the first answer: where the stream stands is not known yet.
        if heard.seq == known + 1:
            self.known[heard.stream] = heard.seq
            self.heard.append(heard)
        elif heard.seq <= known:
            self.met["messages that came again"] += 1
        elif heard.stream not in self._asked:
            self.met["gaps noticed"] += 1
            self._mend(heard.stream)

    def learn(self, heads: dict[str, int]) -> None:
        """Ask again where the server has sent more than has come."""
        for stream, head in heads.items():
            known = self.known.get(stream)
            if known is not None and head > known and stream not in self._asked:
                self.met["gaps told by the beacon"] += 1
                self._mend(stream)

    def lost(self) -> None:
        """Come back."""
        self._is_lost.set()

    async def _resume_all(self) -> None:
        for stream in list(self.known):
            await self._resume(stream)

    async def _resume(self, stream: str) -> None:
        answer = await self.subscribe(stream, self.known.get(stream))
        self._asked.discard(stream)
        if "error" in answer:
            if any(word in answer["error"] for word in _TRANSIENT):
                raise Refused(answer["error"])
            self.known.pop(stream, None)
            self.met["streams that are closed to it now"] += 1
        elif answer["resync_required"] or self.known[stream] is None:
            self.met["told to start over"] += answer["resync_required"]
            self.known[stream] = answer["head"]

    def _mend(self, stream: str) -> None:
        async def again() -> None:
            try:
                await self._resume(stream)
            except (OSError, Refused, TimeoutError):
                self.cut()

        self._asked.add(stream)
        task = asyncio.create_task(again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
