"""How a client finds out that it has missed something, or that there was nothing for it."""

import time

from app.realtime.outlet import Outlet
from app.realtime.turns import Turns

BEACON_SECONDS = 15


class Beacon:
    """Tells every connection once in BEACON_SECONDS up to where it has been sent everything."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._turns = Turns(10 * BEACON_SECONDS, BEACON_SECONDS)
        self._turns.settle(time.monotonic())

    def send_when_due(self, now: float) -> None:
        """Tell those whose turn it has become."""
        due = self._turns.due(self._outlet.connections.admitted(), now)
        self._turns.settle(now)
        if due:
            self._outlet.feed.beacon(due)
            self._outlet.feed.forget_unread()
