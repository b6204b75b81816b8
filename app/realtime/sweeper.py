"""The loop that closes connections; it runs while there are any."""

import logging
import threading

from app.realtime.connections import Farewell
from app.realtime.outlet import Outlet

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.5


class Sweeper:
    """Closes what is overdue and what does not read; needs no database."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._lock = threading.Lock()
        self._is_running = False

    def ensure_running(self) -> None:
        """Sweep until no connection is left."""
        with self._lock:
            if self._is_running:
                return
            self._is_running = True
        self._outlet.server.start_background_task(self._run)

    def _run(self) -> None:
        while self._is_needed():
            self._outlet.server.sleep(SWEEP_SECONDS)
            try:
                self._sweep()
            except Exception:
                log.exception("Connections could not be swept; trying again.")

    def _is_needed(self) -> bool:
        with self._lock:
            self._is_running = bool(self._outlet.connections.all())
            return self._is_running

    def _sweep(self) -> None:
        connections = self._outlet.connections
        for connection in connections.all():
            if connection.is_overdue and connections.get(connection.id) is connection:
                self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
                # A crowd that came together goes together, and requests are not to wait for it.
                self._outlet.server.sleep(0)
        self._outlet.drop_slow(self._outlet.connections.all())
        self._outlet.connections.forget_quiet_addresses()
