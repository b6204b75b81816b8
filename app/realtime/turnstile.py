"""Letting a crowd in, one after the other."""

import threading
import time
from collections.abc import Callable

from app.core.errors import Unavailable

INTERVAL_SECONDS = 0.005
LONGEST_WAIT_SECONDS = 10.0


class Turnstile:
    """Gives each newcomer a turn; whoever comes alone has it at once.

    All clients of a process come back at the same moment when it was restarted, and strangers may
    do so at any time. Their handshakes in a row would leave no time for the requests between them.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_turn = 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn. Raises Unavailable where too many wait."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            if turn - now > LONGEST_WAIT_SECONDS:
                raise Unavailable("Too many clients connect at once. Try again later.")
            self._next_turn = turn + INTERVAL_SECONDS
        if turn > now:
            self._sleep(turn - now)
