"""Reading tasks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.events import EventRecord
from app.projects.permissions import Standing
from app.projects.queries import role_in
from app.tasks import policy
from app.tasks.events import TaskEvent
from app.tasks.models import Task
from app.tasks.schemas import TaskSchema
from app.users.actor import Actor


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


def history(session: Session, task_id: int, *, before: int | None, limit: int) -> Sequence[Any]:
    """The events of a task, newest first; `before` is the id of the last one already read."""
    # Comments tell their own history, of which the text of a deleted one is no part any more.
    is_of_task = (EventRecord.task_id == task_id) & (EventRecord.entity == TaskEvent.entity)
    # A reminder has no version: it changed nothing.
    events = select(EventRecord).where(is_of_task, EventRecord.task_version.is_not(None))
    if before is not None:
        events = events.where(EventRecord.id < before)
    return session.scalars(events.order_by(EventRecord.id.desc()).limit(limit)).all()


def changes_since(session: Session, task: Task, version: int) -> set[str]:
    """The names of the fields of a task that changed after `version`.

    These are all that it has where the log does not reach back as far: retention may have taken
    some of the events, and what is not known to be unchanged must not be called free of conflict.
    """
    later = select(EventRecord.changes).where(
        EventRecord.task_id == task.id, EventRecord.task_version > version
    )
    found = session.scalars(later).all()
    if len(found) < task.version - version:
        return set(TaskSchema().fields)
    return {name for changes in found for name in changes}


def created_since(session: Session, age: timedelta) -> int:
    """How many tasks, of those not deleted, were created within the last `age`.

    A date of creation can be given, so one may lie ahead; those do not count yet.
    """
    created = Task.created_at.between(func.now() - age, func.now())
    return session.scalar(select(func.count()).where(created, Task.deleted_at.is_(None))) or 0


COMMENTS: Mapping[str, SQLColumnExpression[Any]] = {
    "comments_count": Task.comments_count,
    "comments_version": Task.comments_version,
}
"""What TaskSchema has beside the fields of TaskOfDaySchema."""


def task_json(more: Mapping[str, SQLColumnExpression[Any]] = COMMENTS) -> ColumnElement[str]:
    """A task as JSON text, exactly as its schema prints it (a test holds the two equal).

    `more` are the fields, by name, beside those of TaskOfDaySchema.
    """
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
        **more,
    }
    pairs: Iterable[tuple[SQLColumnExpression[Any], ...]] = (
        (literal_column(f"'{name}'"), column) for name, column in columns.items()
    )
    return cast(func.json_build_object(*chain.from_iterable(pairs)), Text)


def _iso(column: SQLColumnExpression[Any]) -> ColumnElement[str]:
    return func.to_char(column.op("AT TIME ZONE")("UTC"), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
