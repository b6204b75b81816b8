"""Reminders: who has an open task that is due within a day is told so, once per task and day.

What has been told stands in the event log alone, so neither a second run nor a second beat tells it
again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, func, select, tuple_
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN
from app.core import clock, events
from app.core.events import EventRecord
from app.projects.models import Project
from app.tasks.events import TaskDueSoon
from app.tasks.models import Task
from app.tasks.recording import as_json
from app.users.models import User

BATCH = 500
AHEAD = timedelta(hours=24)


class Place(NamedTuple):
    """How far a run has come in the order of the due dates."""

    due_at: datetime
    task_id: int


def remind_batch(session: Session, *, since: datetime, after: Place) -> tuple[int, Place | None]:
    """Record a reminder for each of the next tasks, at most BATCH, that are due soon.

    `since` is when the present day began: what was told after that is not told again. Returns how
    many were recorded, and where to go on, None at the end. One batch is under way at a time, in
    whatever process, and it sees the events of those before it; no task is locked for it.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("due_soon"))))
    tasks = _next(session, since, after)
    for task in tasks:
        events.record(_about(task))
    last = tasks[-1] if len(tasks) == BATCH else None
    return len(tasks), Place(last.due_at, last.id) if last and last.due_at else None


def _next(session: Session, since: datetime, after: Place) -> Sequence[Task]:
    now = clock.now()
    told = exists().where(
        EventRecord.task_id == Task.id,
        EventRecord.type == TaskDueSoon.type,
        EventRecord.at >= since,
    )
    statement = (
        select(Task)
        .join(User, User.id == Task.assignee_id)
        .outerjoin(Project, Project.id == Task.project_id)
        .where(
            Task.deleted_at.is_(None),
            Task.status.in_(OPEN),
            tuple_(Task.due_at, Task.id) > tuple_(*after),
            Task.due_at >= now,
            Task.due_at <= now + AHEAD,
            User.is_active,
            User.email.is_not(None),
            Project.is_archived.is_not(True),
            ~told,
        )
        .order_by(Task.due_at, Task.id)
        .limit(BATCH)
    )
    return session.scalars(statement).all()


def _about(task: Task) -> TaskDueSoon:
    return TaskDueSoon(
        entity_id=task.id,
        actor_id=None,
        streams=frozenset(),
        snapshot=as_json(task),
        project_id=task.project_id,
        task_id=task.id,
    )
