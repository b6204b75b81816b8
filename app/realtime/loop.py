"""Work in the background that goes on only while there is need of it."""

import logging
import threading
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
"""So long after a step that failed the next one is taken."""


class Loop:
    """Takes a step again and again while there is need of it.

    `server` gives background tasks and `sleep` in the way of the process, threads or greenlets.
    `step` returns the seconds until the next one; whatever it raises is logged, and it is taken
    again. `begin` is called before the first step, by whoever starts the loop. Between two steps
    `pause` waits.
    """

    def __init__(
        self,
        server: Any,
        step: Callable[[], float],
        is_needed: Callable[[], bool],
        *,
        begin: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] | None = None,
    ) -> None:
        self._server, self._step, self._is_needed = server, step, is_needed
        self._begin, self._pause = begin, pause or server.sleep
        self._lock = threading.Lock()
        self.is_running = False

    def ensure_running(self) -> None:
        """Begin, unless it runs already. Raises what `begin` raises, and does not run then."""
        with self._lock:
            if not self.is_running:
                self._begin()
                self._server.start_background_task(self._run)
                self.is_running = True

    def _run(self) -> None:
        while self._goes_on():
            self._pause(self._take_step())

    def _take_step(self) -> float:
        try:
            return self._step()
        except Exception:
            log.exception("A step failed; trying again.")
            return RETRY_SECONDS

    def _goes_on(self) -> bool:
        with self._lock:
            self.is_running = self._is_needed()
            return self.is_running
