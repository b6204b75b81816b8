"""The job over the daily log."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.config import current_settings
from app.core.db import unit_of_work
from app.task_logs.service import BATCH, last_task, log_batch


def sync_task_logs(tick: datetime) -> str:
    """Log every task that is not deleted, once per day.

    The day is that of `tick`, which may be long ago: a day that was missed is made up for. Which
    tasks there were then is known; what they looked like is not, so a row that was made up has
    the title, the state and all else of the day on which it was written, its `logged_at`.
    """
    day = tick.astimezone(ZoneInfo(current_settings().SERVICE_TIMEZONE)).date()
    with unit_of_work() as session:
        last = last_task(session)
    added = 0
    for after in range(0, last, BATCH):
        with unit_of_work() as session:
            added += log_batch(session, day, tick, after=after)
    return f"{added} tasks logged for {day}"
