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
        for connection in self._outlet.connections.all():
            if connection.is_overdue:
                self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        self._outlet.drop_slow(self._outlet.connections.all())
        return SWEEP_SECONDS
