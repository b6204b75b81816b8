"""Reading the daily log: of the tasks that somebody sees now."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

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


def _visible(query: Mapping[str, Any], actor: Actor) -> Select[TaskLog]:
    visible = or_(*(branch.condition for branch in policy.visible_to(actor)))
    wanted: list[ColumnElement[bool]] = [Task.deleted_at.is_(None), visible]
    if "date" in query:
        wanted.append(TaskLog.day == query["date"])
    if "task" in query:
        wanted.append(TaskLog.task_id == query["task"])
    return select(TaskLog).join(Task, Task.id == TaskLog.task_id).where(*wanted)
