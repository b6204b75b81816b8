"""Work in the background that goes on only while there is need of it."""

import logging
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


class Loop:
    """Takes a step again and again, until a pause ends without need of another one.

    `server` gives background tasks and `sleep` in the way of the process, threads or greenlets.
    """

    def __init__(
        self, server: Any, step: Callable[[], None], is_needed: Callable[[], bool], *, pause: float
    ) -> None:
        self._server, self._step, self._is_needed = server, step, is_needed
        self._pause = pause
        self._lock = threading.Lock()
        self.is_running = False

    def ensure_running(self) -> None:
        """Begin, unless it runs already."""
        with self._lock:
            if self.is_running:
                return
            self.is_running = True
        self._server.start_background_task(self._run)

    def _run(self) -> None:
        while self._goes_on():
            self._server.sleep(self._pause)
            try:
                self._step()
            except Exception:
                log.exception("A step failed; trying again.")

    def _goes_on(self) -> bool:
        with self._lock:
            self.is_running = self._is_needed()
            return self.is_running
