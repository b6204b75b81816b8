"""How a client finds out that it has missed something, or that there was nothing for it."""

import time

from app.realtime.outlet import Outlet

BEACON_SECONDS = 15


class Beacon:
    """Tells every connection once in BEACON_SECONDS up to where it has been sent everything.

    Each second it is the turn of some of them, so that nobody waits for all of them.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._turn = int(time.monotonic())

    def send_when_due(self, now: float) -> None:
        """Tell those whose turn it has become."""
        turns = {turn % BEACON_SECONDS for turn in range(self._turn + 1, int(now) + 1)}
        if not turns:
            return
        self._turn = int(now)
        connections = self._outlet.connections.admitted()
        self._outlet.feed.beacon(
            each for each in connections if hash(each.id) % BEACON_SECONDS in turns
        )
        self._outlet.feed.forget_unread()
