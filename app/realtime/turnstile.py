"""Letting a crowd in, one after the other, and serving a few of it at a time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.core.errors import Unavailable

INTERVAL_SECONDS = 0.005
LONGEST_WAIT_SECONDS = 10.0
COUNTERS = 2


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


class Counters:
    """Serves COUNTERS clients at a time, and lets the others wait.

    Under gevent everything that goes on has an equal share of the process: beside fifty clients who
    sign in, a request would take fifty times as long. Two keep the process as busy as fifty do.
    """

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(COUNTERS)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one of them. Raises Unavailable where none gets free."""
        if not self._free.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise Unavailable("Too many clients are being served. Try again later.")
        try:
            yield
        finally:
            self._free.release()
