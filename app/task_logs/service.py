"""Writing the daily log."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import clock
from app.task_logs.models import TaskLog
from app.tasks.due import day_bounds
from app.tasks.models import Task

BATCH = 10_000

_COPIED = ("title", "status", "priority", "assignee_id", "reporter_id", "due_at", "created_at")


def last_task(session: Session) -> int:
    """The highest id of a task; 0 where there is none."""
    return session.scalar(select(func.max(Task.id))) or 0


def log_batch(session: Session, day: date, tick: datetime, *, after: int) -> int:
    """Log the tasks with the BATCH ids beyond `after`, as they are now, as those of `day`.

    Those are the tasks that were created before the end of the day and, at the moment `tick` in it,
    not yet deleted. Returns how many were added: what is logged already, by an earlier run or by
    one at the same time, stays as it is.
    """
    _, end = day_bounds(day, ZoneInfo(current_settings().SERVICE_TIMEZONE))
    values = {
        "day": literal(day),
        "task_id": Task.id,
        **{name: getattr(Task, name) for name in _COPIED},
        "logged_at": literal(clock.now()),
    }
    tasks = (
        select(*values.values())
        .where(
            Task.id > after,
            Task.id <= after + BATCH,
            Task.created_at < end,
            func.coalesce(Task.deleted_at, "infinity") > tick,
        )
        .order_by(Task.id)
    )
    rows = upsert(TaskLog).from_select(list(values), tasks).on_conflict_do_nothing()
    return len(session.execute(rows.returning(TaskLog.task_id)).all())
