"""The loop that closes connections and keeps the others alive; it runs while there are any."""

import time
from collections.abc import Iterable, Iterator

from app.realtime.connection import Connection, Farewell
from app.realtime.loop import Loop
from app.realtime.outlet import Outlet

SWEEP_SECONDS = 0.5
PING_INTERVAL_SECONDS = 25
STRANGERS_PAUSE_SECONDS = 0.01
"""Between two who never signed in: they come again as soon as they are shown out, and a crowd that
came together is spread over time in this way, so that requests need not wait for it."""
STRANGERS_PER_SWEEP = 50


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
        """Look after every connection once; the seconds until the next time.

        Of strangers a few are shown out, those who came first; the others have their turn next
        time. Nobody else's end waits for them.
        """
        began, strangers = time.monotonic(), list[Connection]()
        for connection in self._still_there(self._outlet.connections.all()):
            if not connection.is_overdue:
                _ping_if_due(connection, began)
            elif connection.actor is None:
                strangers.append(connection)
            else:
                self._show_out(connection)
        self._outlet.drop_slow(self._outlet.connections.all())
        # Some may sign in meanwhile.
        for stranger in self._still_there(strangers[:STRANGERS_PER_SWEEP]):
            if stranger.is_overdue:
                self._show_out(stranger, STRANGERS_PAUSE_SECONDS)
        return max(0.0, began + SWEEP_SECONDS - time.monotonic())

    def _still_there(self, connections: Iterable[Connection]) -> Iterator[Connection]:
        """Some may go while others are shown out."""
        for connection in connections:
            if self._outlet.connections.get(connection.id) is connection:
                yield connection

    def _show_out(self, connection: Connection, pause: float = 0) -> None:
        self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        self._outlet.server.sleep(pause)


def _ping_if_due(connection: Connection, now: float) -> None:
    if now - connection.pinged_at >= PING_INTERVAL_SECONDS:
        connection.pinged_at = now
        connection.adapter.ping(connection)
