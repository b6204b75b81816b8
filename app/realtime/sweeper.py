"""The loop that closes connections and keeps the others alive; it runs while there are any."""

import time

from app.realtime.connection import Connection, Farewell
from app.realtime.loop import Loop
from app.realtime.outlet import Outlet

SWEEP_SECONDS = 0.5
PING_INTERVAL_SECONDS = 25
STRANGERS_PAUSE_SECONDS = 0.004
"""Between two who never signed in: they come again as soon as they are shown out."""


class Sweeper:
    """Closes what is overdue and what does not read, and pings the others; needs no database.

    That no connection needs a greenlet of its own for its pings saves a quarter of its memory.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.loop = Loop(outlet.server, self.sweep, self._is_needed)

    def _is_needed(self) -> bool:
        return bool(self._outlet.connections.all())

    def sweep(self) -> float:
        """Look after every connection once; the seconds until the next time."""
        connections = self._outlet.connections
        for connection in connections.all():
            # Some may have gone while others were shown out.
            if connections.get(connection.id) is connection:
                self._look_after(connection, time.monotonic())
        self._outlet.drop_slow(connections.all())
        return SWEEP_SECONDS

    def _look_after(self, connection: Connection, now: float) -> None:
        if connection.is_overdue:
            self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
            # A crowd that came together goes together, and requests are not to wait for it.
            is_stranger = connection.actor is None
            self._outlet.server.sleep(STRANGERS_PAUSE_SECONDS if is_stranger else 0)
        elif now - connection.pinged_at >= PING_INTERVAL_SECONDS:
            connection.pinged_at = now
            connection.adapter.ping(connection)
