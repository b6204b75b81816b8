"""Writing tasks. Every function runs inside the caller's unit of work."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.models import Board
from app.core import clock
from app.core.errors import Conflict, PreconditionFailed, ServiceError
from app.core.events import Changes
from app.projects.permissions import Permission
from app.projects.queries import share_project
from app.tasks import placement, policy
from app.tasks.editing import apply, read_edit
from app.tasks.events import TaskCreated, TaskDeleted, TaskRestored, TaskUpdated
from app.tasks.locking import Locked, lock_task, lock_tasks
from app.tasks.models import Task
from app.tasks.queries import changes_since
from app.tasks.recording import Change, as_json, record
from app.users.actor import Actor


def create_task(session: Session, data: Mapping[str, Any], *, actor: Actor) -> Task:
    """Create a task reported by `actor`; `data` as TaskCreateSchema loads it.

    Raises NotFound for a board that there is not, Invalid for an assignee, Forbidden or Conflict
    for a project that may not be written to or a column that is full.
    """
    moment = clock.now()
    created = data.get("created_at", moment)
    task = Task(reporter_id=actor.id, version=1, created_at=created, updated_at=moment)
    task.description, task.due_date_only, task.sla_breached = "", False, False
    edit = read_edit(session, data, actor)
    if edit.board is not None:
        share_project(session, edit.board.project_id)
    # It begins outside any project and is moved from there.
    apply(session, Locked(task, None, policy.standing_to(task, actor, None)), edit)
    session.add(task)
    session.flush()  # The event names the new id.
    record(task, TaskCreated, {}, actor_id=actor.id)
    return task


def update_task(
    session: Session, task_id: int, data: Mapping[str, Any], *, actor: Actor, version: int | None
) -> Task:
    """Change the fields that `data` holds.

    These are those of TaskPatchSchema, of TaskInputSchema to replace all, or of MoveSchema.

    `version` is the one the caller has seen, or None to change whatever is there. Writing what is
    there already is no change: no event, no new version. Raises NotFound, Forbidden, Invalid,
    Conflict, and PreconditionFailed (which lists what changed since) when `version` is not the
    present one.
    """
    edit = read_edit(session, data, actor)
    locked = lock_task(session, task_id, actor, board=edit.board)
    locked.standing.require(Permission.EDIT_TASK)
    _check_version(session, locked.task, version, data)
    with Change(locked.task, TaskUpdated, actor_id=actor.id):
        apply(session, locked, edit)
    return locked.task


def change_tasks(
    session: Session, task_ids: Collection[int], data: Mapping[str, Any], *, actor: Actor
) -> Sequence[tuple[Task, Changes]]:
    """Make the same changes to several tasks, with one event for each that is different then.

    Returns each task, by id, with what changed. Raises what `update_task` raises; a refusal names
    the task.
    """
    edit = read_edit(session, data, actor)
    found = lock_tasks(session, task_ids, actor, board=edit.board)
    if data.keys() & {"status", "board"}:
        # All at once: one by one they would come in the order of the tasks, not in their own.
        boards = {each.task.board_id for each in found} | {data.get("board")}
        placement.lock_boards(session, {each for each in boards if each is not None})
    done = []
    for locked in found:
        try:
            locked.standing.require(Permission.EDIT_TASK)
            with Change(locked.task, TaskUpdated, actor_id=actor.id) as change:
                apply(session, locked, edit)
        except ServiceError as error:
            error.detail = f"Task {locked.task.id}: {error.detail} Nothing was changed."
            error.extra["task"] = locked.task.id
            raise
        done.append((locked.task, change.differences))
    return done


def delete_task(session: Session, task_id: int, *, actor: Actor, version: int | None) -> None:
    """Mark a task as deleted. Raises NotFound, Forbidden, Conflict, PreconditionFailed."""
    locked = lock_task(session, task_id, actor)
    locked.standing.require(Permission.DELETE_TASK)
    _check_version(session, locked.task, version, {})
    with Change(locked.task, TaskDeleted, actor_id=actor.id):
        locked.task.deleted_at = clock.now()


def restore_task(session: Session, task_id: int, *, actor: Actor) -> Task:
    """Bring a deleted task back, to the end of its column; one that is not deleted stays as it is.

    Raises NotFound, Forbidden, Conflict (where its column has filled up, too).
    """
    locked = lock_task(session, task_id, actor, deleted=True)
    locked.standing.require(Permission.DELETE_TASK)
    if locked.task.deleted_at is not None:
        with Change(locked.task, TaskRestored, actor_id=actor.id):
            _put_back(session, locked)
            locked.task.deleted_at = None
    return locked.task


def _put_back(session: Session, locked: Locked) -> None:
    """Its place may be taken by now, and its board deleted: then the project's first board.

    Who may exceed a WIP limit need not ask for it here.
    """
    task, may_exceed = locked.task, locked.standing.may(Permission.OVERRIDE_WIP_LIMIT)
    if task.board_id is None:
        return
    boards = select(Board.id).where(Board.project_id == task.project_id, Board.deleted_at.is_(None))
    ids = session.scalars(boards.order_by(Board.position)).all()
    if not ids:
        raise Conflict("The project has no board to put the task on; create one first.")
    cell = placement.Cell(task.board_id if task.board_id in ids else ids[0], task.status)
    placement.lock_boards(session, {cell.board_id})
    placement.check_room(session, cell, locked.standing, override=may_exceed)
    placement.put(session, task, cell)


def _check_version(
    session: Session, task: Task, version: int | None, wanted: Mapping[str, Any]
) -> None:
    if version is None or version == task.version:
        return
    changed = changes_since(session, task, version)
    current = as_json(task)
    raise PreconditionFailed(
        f"The task has changed since version {version}; it is at version {task.version} now. "
        "Read it again, or repeat with the new ETag.",
        extra={
            "current_version": task.version,
            "changed": {name: current[name] for name in sorted(changed & current.keys())},
            "conflicts": sorted(changed & set(wanted)),
        },
    )
