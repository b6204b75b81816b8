"""The loop that closes connections; it runs while there are any."""

from app.realtime.connection import Farewell
from app.realtime.loop import Loop
from app.realtime.outlet import Outlet

SWEEP_SECONDS = 0.5


class Sweeper:
    """Closes what is overdue and what does not read; needs no database."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.loop = Loop(outlet.server, self._sweep, self._is_needed)

    def _is_needed(self) -> bool:
        return bool(self._outlet.connections.all())

    def _sweep(self) -> float:
        connections = self._outlet.connections
        for connection in connections.all():
            if connection.is_overdue and connections.get(connection.id) is connection:
                self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
                # A crowd that came together goes together, and requests are not to wait for it.
                self._outlet.server.sleep(0)
        self._outlet.drop_slow(connections.all())
        return SWEEP_SECONDS
