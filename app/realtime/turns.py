"""Spreading what is done for every connection now and then, so that nothing else waits for all."""

from collections.abc import Iterable

from app.realtime.connection import Connection


class Turns:
    """Each connection's turn comes once in `seconds`, `count` turns after each other."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._done = 0

    def due(self, connections: Iterable[Connection], now: float) -> list[Connection]:
        """Those whose turn has come since `settle`; everybody after a long time."""
        turns = {turn % self._count for turn in range(self._done + 1, self._number(now) + 1)}
        return [each for each in connections if hash(each.id) % self._count in turns]

    def settle(self, now: float) -> None:
        """Note that everything has been done that was due at `now`."""
        self._done = self._number(now)

    def _number(self, now: float) -> int:
        return int(now * self._count / self._seconds)
