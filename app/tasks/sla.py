"""SLA: an open task that has passed its due instant is a breach, in projects that track it.

The flag follows every change of the status, the due date or the project at once; what only time
brings about, and the switch of a project, the hourly job catches up with.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN
from app.core import clock
from app.projects.models import Project
from app.tasks.events import TaskSlaBreached, TaskUpdated
from app.tasks.models import Task
from app.tasks.recording import Change

BATCH = 500


def is_breached(task: Task, project: Project | None) -> bool:
    """Whether `task`, of `project` or outside any, is in breach now."""
    tracked = project is None or project.tracks_sla
    overdue = task.due_at is not None and task.due_at < clock.now()
    return tracked and overdue and task.status in OPEN


def check_batch(session: Session) -> tuple[int, int]:
    """Set the flag where it is due and clear it where it is not, for at most BATCH tasks each.

    Returns how many were set and how many cleared. What another run has in hand is left to it, so
    each breach becomes one event. Archived projects stay as they are.
    """
    breached = _pick(session, _is_due())
    for task in breached:
        with Change(task, TaskSlaBreached, actor_id=None):
            task.sla_breached = True
    settled = _pick(session, _is_settled())
    for task in settled:
        with Change(task, TaskUpdated, actor_id=None):
            task.sla_breached = False
    return len(breached), len(settled)


def _pick(session: Session, condition: ColumnElement[bool]) -> Sequence[Task]:
    return session.scalars(
        select(Task)
        .outerjoin(Project, Project.id == Task.project_id)
        .where(Task.deleted_at.is_(None), Project.is_archived.is_not(True), condition)
        .order_by(Task.id)
        .limit(BATCH)
        .with_for_update(of=Task, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _is_due() -> ColumnElement[bool]:
    return and_(
        Task.status.in_(OPEN),
        Task.due_at < clock.now(),
        ~Task.sla_breached,
        Project.tracks_sla.is_not(False),
    )


def _is_settled() -> ColumnElement[bool]:
    """The flag is set and should not be; closing or moving the date clears it at once."""
    is_open_and_late = and_(Task.status.in_(OPEN), Task.due_at < clock.now())
    return and_(Task.sla_breached, or_(~is_open_and_late, Project.tracks_sla.is_(False)))
