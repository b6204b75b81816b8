"""Reading the daily log: of the tasks that somebody sees now."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import clock
from app.core.pagination import Cursor, Keyset, SortKey
from app.task_logs.models import TaskLog
from app.tasks import policy
from app.tasks.models import Task
from app.users.actor import Actor

MAX_COUNT = 10_000
"""Counting everything would cost more than reading the page."""

NEWEST = Keyset(
    [
        SortKey("day", TaskLog.day, descending=True),
        SortKey("task", TaskLog.task_id, descending=True),
    ]
)


class LogPage(NamedTuple):
    """Rows, newest day first; how many match (at most MAX_COUNT + 1), and whether more follow."""

    rows: Sequence[TaskLog]
    total: int
    has_more: bool


def read_logs(
    session: Session, query: Mapping[str, Any], cursor: Cursor | None, actor: Actor
) -> LogPage:
    """A page of the logs of the tasks that `actor` sees now; `query` is a TaskLogQuerySchema."""
    matching = _visible(query, actor)
    size, backwards = query["page_size"], cursor is not None and cursor.backwards
    page = matching.order_by(*NEWEST.order_by(backwards=backwards)).limit(size + 1)
    if cursor is not None:
        page = page.where(NEWEST.beyond(cursor))
    rows = session.scalars(page).all()
    kept = list(rows[:size])
    counted = matching.with_only_columns(TaskLog.task_id).limit(MAX_COUNT + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    return LogPage(kept[::-1] if backwards else kept, total, len(rows) > size)


def today() -> date:
    """The present day in the service's time zone."""
    return clock.now().astimezone(ZoneInfo(current_settings().SERVICE_TIMEZONE)).date()


def _visible(query: Mapping[str, Any], actor: Actor) -> Select[TaskLog]:
    """What matches: of one day or of one task, so that nobody reads the log of all times.

    The tasks that `actor` sees are looked up by the indexes that the list of tasks uses.
    """
    wanted: list[ColumnElement[bool]] = []
    if "date" in query or "task" not in query:
        wanted.append(TaskLog.day == query.get("date", today()))
    if "task" in query:
        wanted.append(TaskLog.task_id == query["task"])
    branches = policy.visible_to(actor)
    alive = select(Task.id).where(Task.deleted_at.is_(None))
    seen = union_all(*(alive.where(branch.condition) for branch in branches)).subquery()
    return select(TaskLog).join(seen, seen.c.id == TaskLog.task_id).where(*wanted)
