"""The job over the records."""

from datetime import datetime

from app.core import clock
from app.core.cache import CacheUnavailable
from app.core.db import unit_of_work
from app.core.limit_counts import WINDOW, counted_windows, counts_of, forget_counts
from app.core.purging import purge, rows_of
from app.ratelimits.models import RateLimitRecord
from app.ratelimits.service import old_records, take_over

BATCH = 1000
"""Callers whose counts are written in one transaction."""
GRACE = WINDOW
"""How long after its end a window is kept in Redis: a slow request may still be counted in it."""


def flush_rate_limit_records() -> str:
    """Write what Redis counted of limited requests into the database; forget it after 90 days."""
    try:
        flushed = f"{sum(_flush(window) for window in counted_windows())} records written"
    except CacheUnavailable:
        # What is counted stays where it is until the next time.
        flushed = "Redis does not answer"
    return f"{flushed}, {purge(old_records(), rows_of(RateLimitRecord))} old ones deleted"


def _flush(window: datetime) -> int:
    counts = sorted(counts_of(window).items())
    written = 0
    for start in range(0, len(counts), BATCH):
        with unit_of_work() as session:
            written += take_over(session, window, counts[start : start + BATCH])
    # Only now: whoever dies before this line leaves all of it to the next one.
    if window + WINDOW + GRACE < clock.now():
        forget_counts(window)
    return written
