"""Reading tasks. Lists leave PostgreSQL as JSON text; Python carries it and builds no objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.events import EventRecord
from app.core.pagination import Cursor, Keyset, SortKey
from app.projects.models import ProjectMember
from app.projects.permissions import Standing
from app.projects.queries import role_in
from app.tasks import policy
from app.tasks.due import day_bounds, due_instant, is_bare_date
from app.tasks.models import Task
from app.users.actor import Actor

SORTABLE = {
    "id": Task.id,
    "title": Task.title,
    "status": Task.status,
    "priority": Task.priority,
    "assignee": Task.assignee_id,
    "reporter": Task.reporter_id,
    "board": Task.board_id,
    "position": Task.position,
    "due_date": Task.due_at,
    "estimated_hours": Task.estimated_hours,
    "sla_breached": Task.sla_breached,
    "version": Task.version,
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "completed_at": Task.completed_at,
}
_NULLABLE = {"board", "position", "assignee", "due_date", "estimated_hours", "completed_at"}


@dataclass(frozen=True)
class Window:
    """Which rows of an order a page needs: those that match, in order, at most `limit`."""

    conditions: Sequence[ColumnElement[bool]]
    ordering: Sequence[ColumnElement[Any]]
    limit: int

    def apply(self, rows: Select[int]) -> Select[int]:
        """`rows`, narrowed, ordered and cut."""
        return rows.where(*self.conditions).order_by(*self.ordering).limit(self.limit)


@dataclass(frozen=True)
class TaskRows:
    """Rows of a list: their JSON texts, and the sort values of the first and the last."""

    texts: Sequence[str]
    first: Sequence[Any]
    last: Sequence[Any]
    has_more: bool


def get_task(session: Session, task_id: int, actor: Actor) -> Task:
    """One task. Raises NotFound where there is none, it is deleted, or `actor` may not see it."""
    task = session.get(Task, task_id)
    if task is None or task.deleted_at is not None or not standing_to(session, task, actor).sees:
        raise NotFound("There is no such task.")
    return task


def standing_to(session: Session, task: Task, actor: Actor) -> Standing:
    """How `actor` stands to `task`; projects are the only thing that has to be asked for."""
    role = role_in(session, task.project_id, actor) if task.project_id is not None else None
    return policy.standing_to(task, actor, role)


def keyset(ordering: str) -> Keyset:
    """The order that `ordering` (`-priority,due_date`) asks for. Raises Invalid."""
    keys = []
    for part in ordering.split(","):
        name = part.strip().removeprefix("-")
        if name not in SORTABLE:
            allowed = ", ".join(SORTABLE)
            raise Invalid.field("ordering", f"cannot sort by {name!r}; allowed are {allowed}")
        descending = part.strip().startswith("-")
        keys.append(SortKey(name, SORTABLE[name], descending, name in _NULLABLE))
    if "id" not in (key.name for key in keys):
        keys.append(SortKey("id", Task.id, keys[-1].descending))
    return Keyset(keys)


def filters(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    """The conditions of a TaskQuerySchema; bare dates are days in the caller's zone."""
    conditions: list[ColumnElement[bool]] = [Task.deleted_at.is_(None)]
    several = [
        name for name in ("status", "priority", "board", "assignee", "reporter") if name in query
    ]
    conditions += [SORTABLE[name].in_(query[name]) for name in several]
    if "sla_breached" in query:
        conditions.append(Task.sla_breached == query["sla_breached"])
    if "overdue" in query:
        conditions.append(is_overdue() if query["overdue"] else _is_not_overdue())
    return conditions + _due_filters(query, actor)


def is_overdue() -> ColumnElement[bool]:
    """Open and past the due instant."""
    return Task.status.in_(OPEN) & (Task.due_at < clock.now())


def _is_not_overdue() -> ColumnElement[bool]:
    """The opposite; a plain NOT would lose the tasks without a due date."""
    return or_(Task.due_at.is_(None), not_(is_overdue()))


def list_tasks(
    session: Session, query: Mapping[str, Any], order: Keyset, cursor: Cursor | None, actor: Actor
) -> TaskRows:
    """The page of the visible tasks that `query` asks for, by cursor or by number.

    Each branch of what the caller sees is read in order through its own index, and no further than
    the page needs; then the branches are merged.
    """
    backwards = cursor is not None and cursor.backwards
    conditions = filters(query, actor)
    if cursor is not None:
        conditions.append(order.beyond(cursor))
    size = query["page_size"]
    skipped = (query.get("page", 1) - 1) * size
    ordering = order.order_by(backwards=backwards)
    page = _merged(_branches(query, actor), actor, Window(conditions, ordering, skipped + size + 1))
    rows = session.execute(
        select(task_json(), *(key.column for key in order.keys))
        .where(Task.id.in_(page))
        .order_by(*ordering)
        .limit(size + 1)
        .offset(skipped)
    ).all()
    return _task_rows(rows, size, backwards)


def count_tasks(session: Session, query: Mapping[str, Any], actor: Actor) -> int:
    """How many visible tasks `query` matches."""
    conditions = filters(query, actor)
    counts = [
        select(func.count()).select_from(Task).where(branch.condition, *conditions)
        for branch in _branches(query, actor)
    ]
    return sum(session.execute(union_all(*counts)).scalars())


def tasks_created_between(
    session: Session, bounds: tuple[datetime, datetime], actor: Actor, limit: int
) -> Sequence[str]:
    """The JSON texts of the visible tasks created in `[start, end)`, newest first."""
    start, end = bounds
    created = [Task.deleted_at.is_(None), Task.created_at >= start, Task.created_at < end]
    newest: list[ColumnElement[Any]] = [Task.created_at.desc(), Task.id.desc()]
    page = _merged(policy.visible_to(actor), actor, Window(created, newest, limit))
    rows = select(task_json()).where(Task.id.in_(page)).order_by(*newest).limit(limit)
    return session.scalars(rows).all()


def history(session: Session, task_id: int, *, before: int | None, limit: int) -> Sequence[Any]:
    """The events of a task, newest first; `before` is the id of the last one already read."""
    events = select(EventRecord).where(EventRecord.task_id == task_id)
    if before is not None:
        events = events.where(EventRecord.id < before)
    return session.scalars(events.order_by(EventRecord.id.desc()).limit(limit)).all()


def changes_since(session: Session, task_id: int, version: int) -> set[str]:
    """The names of the fields of a task that changed after `version`."""
    later = select(EventRecord.changes).where(
        EventRecord.task_id == task_id, EventRecord.task_version > version
    )
    return {name for changes in session.scalars(later) for name in changes}


def task_json() -> ColumnElement[str]:
    """A task as JSON text, exactly as TaskSchema prints it (a test holds the two equal)."""
    columns: dict[str, SQLColumnExpression[Any]] = {
        "id": Task.id,
        "title": Task.title,
        "description": Task.description,
        "status": Task.status,
        "priority": Task.priority,
        "project": Task.project_id,
        "board": Task.board_id,
        "position": Task.position,
        "assignee": Task.assignee_id,
        "reporter": Task.reporter_id,
        "due_date": _iso(Task.due_at),
        "due_date_only": Task.due_date_only,
        "estimated_hours": Task.estimated_hours,
        "sla_breached": Task.sla_breached,
        "version": Task.version,
        "created_at": _iso(Task.created_at),
        "updated_at": _iso(Task.updated_at),
        "completed_at": _iso(Task.completed_at),
        "deleted_at": _iso(Task.deleted_at),
    }
    pairs: Iterable[tuple[SQLColumnExpression[Any], ...]] = (
        (literal_column(f"'{name}'"), column) for name, column in columns.items()
    )
    return cast(func.json_build_object(*chain.from_iterable(pairs)), Text)


def _iso(column: SQLColumnExpression[Any]) -> ColumnElement[str]:
    return func.to_char(column.op("AT TIME ZONE")("UTC"), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')


def _branches(query: Mapping[str, Any], actor: Actor) -> list[policy.Branch]:
    """The parts of what `actor` sees that can hold what `query` asks for."""
    mine = query.get("assignee") == [actor.id]
    return policy.assigned_to(actor) if mine else policy.visible_to(actor)


def _merged(branches: Sequence[policy.Branch], actor: Actor, window: Window) -> Select[int]:
    """The ids of the first `window.limit` rows of every branch, and of every project of one."""
    found = [
        _of_every_project(actor, window) if branch.per_project else _of_branch(branch, window)
        for branch in branches
    ]
    merged = union_all(*found).subquery()
    return select(merged.c.id)


def _of_branch(branch: policy.Branch, window: Window) -> Select[int]:
    rows = window.apply(select(Task.id).where(branch.condition)).subquery()
    return select(rows.c.id)


def _of_every_project(actor: Actor, window: Window) -> Select[int]:
    """Each project is read in order through its index, and no further than the page needs."""
    in_project = select(Task.id).where(Task.project_id == ProjectMember.project_id)
    rows = window.apply(in_project.correlate(ProjectMember)).lateral()
    return (
        select(rows.c.id)
        .select_from(ProjectMember)
        .join(rows, true())
        .where(ProjectMember.user_id == actor.id)
    )


def _task_rows(rows: Sequence[Any], size: int, backwards: bool) -> TaskRows:
    kept = list(rows[:size])
    if backwards:
        kept.reverse()
    return TaskRows(
        texts=[row[0] for row in kept],
        first=kept[0][1:] if kept else (),
        last=kept[-1][1:] if kept else (),
        has_more=len(rows) > size,
    )


def _due_filters(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    """Ranges over the due instant; a bare date stands for the whole of its day."""
    conditions: list[ColumnElement[bool]] = []
    if "due_date" in query:
        start, end = _span(query["due_date"], actor)
        conditions += [Task.due_at >= start, Task.due_at < end]
    if "due_date_gte" in query:
        conditions.append(Task.due_at >= _span(query["due_date_gte"], actor)[0])
    if "due_date_gt" in query:
        conditions.append(Task.due_at >= _span(query["due_date_gt"], actor)[1])
    if "due_date_lte" in query:
        conditions.append(Task.due_at < _span(query["due_date_lte"], actor)[1])
    if "due_date_lt" in query:
        conditions.append(Task.due_at < _span(query["due_date_lt"], actor)[0])
    return conditions


def _span(due: date | datetime, actor: Actor) -> tuple[datetime, datetime]:
    """The half-open span that a value of a filter stands for: a day, or one millisecond."""
    if is_bare_date(due):
        return day_bounds(due, actor.zone)
    instant = due_instant(due, actor.zone)
    return instant, instant + timedelta(milliseconds=1)
