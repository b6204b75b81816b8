"""What follows for tasks from what happens to their project."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import cache, clock
from app.core.errors import Conflict
from app.core.events import Event, EventRecord
from app.projects.models import Project
from app.tasks.events import TaskUpdated
from app.tasks.models import Task
from app.tasks.recording import Change


def unassign_former_member(session: Session, event: Event) -> None:
    """Take the tasks of a project from somebody who is no member any more.

    The project is locked, so nobody assigns at the same time. With a deleted project its tasks go
    altogether, and are not counted any more.
    """
    if session.get_one(Project, event.project_id).deleted_at is not None:
        return
    held = select(Task).where(
        Task.project_id == event.project_id, Task.assignee_id == event.entity_id
    )
    for task in session.scalars(held.order_by(Task.id).with_for_update()):
        if task.deleted_at is not None:
            task.assignee_id = None
            continue
        with Change(task, TaskUpdated, actor_id=event.actor_id):
            task.assignee_id = None


def refuse_while_it_has_tasks(session: Session, event: Event) -> None:
    """Raise Conflict for a board with tasks on it; the project is locked, so none can come."""
    on_board = Task.board_id == event.entity_id
    if session.scalar(select(Task.id).where(on_board, Task.deleted_at.is_(None)).limit(1)):
        raise Conflict("There are tasks on the board; move them to another one or delete them.")


def delete_tasks_of_project(session: Session, event: Event) -> None:
    """Delete the tasks of a deleted project; its own event tells of them all."""
    session.execute(
        update(Task)
        .where(Task.project_id == event.project_id, Task.deleted_at.is_(None))
        .values(deleted_at=clock.now(), version=Task.version + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def forget_every_day(_: Sequence[EventRecord]) -> None:
    """Drop the cached days: a project's tasks may have been created on any of them."""
    if not cache.drop_all():
        cache.cache().stale = True
