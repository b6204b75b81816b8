"""How often something may happen."""

import time


class Meter:
    """A token bucket: `burst` at once, then `rate` per second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = float(burst), time.monotonic()

    def allows(self) -> bool:
        """Take one, if there is one."""
        self._refill()
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def is_full(self) -> bool:
        """Whether nothing was taken for so long that a new meter would be the same."""
        self._refill()
        return self._level >= self._burst

    def _refill(self) -> None:
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
