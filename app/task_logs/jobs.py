"""The job over the daily log."""

from app.core.db import unit_of_work
from app.core.jobs import MAINTENANCE, job
from app.task_logs.queries import today
from app.task_logs.service import BATCH, last_task, log_batch


@job("task_logs.sync", queue=MAINTENANCE)
def sync_task_logs() -> str:
    """Log every task that is not deleted, once per day.

    Of a day that was missed nothing is known any more, so it stays empty.
    """
    day = today()
    with unit_of_work() as session:
        last = last_task(session)
    added = 0
    for after in range(0, last, BATCH):
        with unit_of_work() as session:
            added += log_batch(session, day, after=after)
    return f"{added} tasks logged for {day}"
