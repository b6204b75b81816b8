"""Writing tasks. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.lifecycle import Status
from app.core import clock, events
from app.core.errors import Invalid, NotFound, PreconditionFailed
from app.projects.permissions import Permission
from app.tasks.due import due_instant, is_bare_date
from app.tasks.events import (
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    TaskRestored,
    TaskUpdated,
    streams_of,
)
from app.tasks.models import Task
from app.tasks.queries import changes_since, standing_to
from app.tasks.schemas import TaskSchema
from app.users.actor import Actor
from app.users.queries import find_user

_schema = TaskSchema()


def create_task(session: Session, data: Mapping[str, Any], *, actor: Actor) -> Task:
    """Create a task reported by `actor`; `data` as TaskInputSchema loads it.

    Raises Invalid for an assignee who does not exist or may not sign in.
    """
    moment = clock.now()
    task = Task(reporter_id=actor.id, version=1, created_at=moment, updated_at=moment)
    task.sla_breached = False
    _assign_fields(session, task, data, actor)
    session.add(task)
    session.flush()  # The event names the new id.
    _record(TaskCreated, task, {}, actor)
    return task


def update_task(
    session: Session, task_id: int, data: Mapping[str, Any], *, actor: Actor, version: int | None
) -> Task:
    """Change the fields that `data` holds (TaskPatchSchema, or TaskInputSchema to replace all).

    `version` is the one the caller has seen, or None to change whatever is there. Writing what is
    there already is no change: no event, no new version. Raises NotFound, Invalid, and
    PreconditionFailed (which lists what changed since) when `version` is not the present one.
    """
    task = _locked(session, task_id, actor)
    _check_version(session, task, version, data)
    before = as_json(task)
    _assign_fields(session, task, data, actor)
    _record_change(TaskUpdated, task, before, actor)
    return task


def delete_task(session: Session, task_id: int, *, actor: Actor, version: int | None) -> None:
    """Mark a task as deleted. Raises NotFound, Forbidden, PreconditionFailed."""
    task = _locked(session, task_id, actor)
    standing_to(session, task, actor).require(Permission.DELETE_TASK)
    _check_version(session, task, version, {})
    before = as_json(task)
    task.deleted_at = clock.now()
    _record_change(TaskDeleted, task, before, actor)


def restore_task(session: Session, task_id: int, *, actor: Actor) -> Task:
    """Bring a deleted task back; one that is not deleted stays as it is.

    Raises NotFound, Forbidden.
    """
    task = _locked(session, task_id, actor, deleted=True)
    standing_to(session, task, actor).require(Permission.DELETE_TASK)
    before = as_json(task)
    task.deleted_at = None
    _record_change(TaskRestored, task, before, actor)
    return task


def as_json(task: Task) -> dict[str, Any]:
    """`task` as the API prints it."""
    dumped: dict[str, Any] = _schema.dump(task)
    return dumped


def _locked(session: Session, task_id: int, actor: Actor, *, deleted: bool = False) -> Task:
    """The task, locked until the commit. Raises NotFound also for what the actor may not see."""
    task: Task | None = session.scalar(
        select(Task)
        .where(Task.id == task_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    hidden = task is None or (task.deleted_at is not None and not deleted)
    if task is None or hidden or not standing_to(session, task, actor).sees:
        raise NotFound("There is no such task.")
    return task


def _check_version(
    session: Session, task: Task, version: int | None, wanted: Mapping[str, Any]
) -> None:
    if version is None or version == task.version:
        return
    changed = changes_since(session, task.id, version)
    current = as_json(task)
    raise PreconditionFailed(
        f"The task has changed since version {version}; it is at version {task.version} now. "
        "Read it again, or repeat with the new ETag.",
        extra={
            "current_version": task.version,
            "changed": {name: current[name] for name in sorted(changed)},
            "conflicts": sorted(changed & set(wanted)),
        },
    )


def _assign_fields(session: Session, task: Task, data: Mapping[str, Any], actor: Actor) -> None:
    for name in ("title", "description", "priority", "estimated_hours"):
        if name in data:
            setattr(task, name, data[name])
    if "assignee" in data:
        _assign(session, task, data["assignee"])
    if "due_date" in data:
        due = data["due_date"]
        task.due_at = None if due is None else due_instant(due, actor.zone)
        task.due_date_only = is_bare_date(due)
    if "status" in data:
        _set_status(task, data["status"])


def _assign(session: Session, task: Task, user_id: int | None) -> None:
    if user_id is not None and user_id != task.assignee_id:
        user = find_user(session, user_id)
        if user is None or not user.is_active:
            raise Invalid.field("assignee", f"there is no active user with the id {user_id}")
    task.assignee_id = user_id


def _set_status(task: Task, status: Status) -> None:
    """`completed_at` follows the status."""
    if status is not Status.DONE:
        task.completed_at = None
    elif task.status is not Status.DONE:
        task.completed_at = clock.now()
    task.status = status


def _record_change(
    kind: type[TaskEvent], task: Task, before: Mapping[str, Any], actor: Actor
) -> None:
    """Note the difference as one event, with a new version; nothing where there is none."""
    after = as_json(task)
    if after == before:
        return
    changes = {name: [before[name], after[name]] for name in after if after[name] != before[name]}
    task.version += 1
    task.updated_at = clock.now()
    _record(kind, task, changes, actor)


def _record(
    kind: type[TaskEvent], task: Task, changes: Mapping[str, Sequence[Any]], actor: Actor
) -> None:
    snapshot = as_json(task)
    earlier = snapshot | {name: old for name, (old, _) in changes.items()}
    events.record(
        kind(
            entity_id=task.id,
            actor_id=actor.id,
            streams=streams_of(snapshot) | streams_of(earlier),
            changes=changes,
            snapshot=snapshot,
            task_id=task.id,
            task_version=task.version,
        )
    )
