"""Giving a task new values: what follows from what, and what is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.boards.lifecycle import Status, refusal
from app.boards.models import Board
from app.boards.queries import get_board
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.projects.models import Project
from app.projects.permissions import Permission, Standing
from app.projects.queries import check_writable, is_member, role_in
from app.tasks import placement
from app.tasks.due import due_instant, is_bare_date
from app.tasks.locking import Locked
from app.tasks.models import Task
from app.tasks.placement import END, Cell, Neighbours
from app.tasks.sla import is_breached
from app.users.actor import Actor
from app.users.models import User
from app.users.queries import find_by_login, find_user

_FIXED = {"id": "id", "reporter": "reporter_id"}
_COARSE = {"status": "status", "due_date": "due_at"}
"""Field → column, of those that may be sent as Coarse."""


@dataclass(frozen=True)
class Coarse:
    """A value of a scale that is coarser than ours: several of ours look like it to the writer.

    It leaves the present value as it is where that is among them (`covers`).
    """

    value: Any
    covers: Callable[[Any], bool]


@dataclass(frozen=True)
class Edit:
    """What is to become of a task: values by field, the board that they name, the neighbours."""

    values: Mapping[str, Any]
    board: Board | None = None
    between: Neighbours = END

    def leaves_board(self, task: Task) -> bool:
        """Whether the task goes to another board, or off its board."""
        return "board" in self.values and self.values["board"] != task.board_id


def read_edit(session: Session, values: Mapping[str, Any], actor: Actor) -> Edit:
    """The edit that `values` (TaskPatchSchema, TaskInputSchema, MoveSchema) ask for.

    Raises NotFound for a board that `actor` does not see, before anything else is looked at: no
    other refusal must tell that there is one.
    """
    board = None
    if (board_id := values.get("board")) is not None:
        try:
            board, _, _ = get_board(session, board_id, actor)
        except NotFound:
            raise no_such_board(board_id) from None
    values = dict(values)
    if isinstance(name := values.get("assignee"), str):
        values["assignee"] = actor.id if name == "me" else _id_of(session, name)
    return Edit(values, board, Neighbours(values.get("after"), values.get("before")))


def apply(session: Session, locked: Locked, edit: Edit) -> None:
    """Make `edit` of the task. Raises NotFound, Forbidden, Invalid, Conflict.

    The place goes first: it decides who can be assigned and whether being late is a breach.
    """
    task = locked.task
    edit = replace(edit, values=_settled(edit.values, task))
    values = edit.values
    was = (task.due_at, task.status, task.project_id)
    project = _place(session, locked, edit)
    _assign(
        session, task, values.get("assignee", task.assignee_id), moved=was[2] != task.project_id
    )
    describe(task, values, locked.standing.actor.zone)
    if was != (task.due_at, task.status, task.project_id):
        task.sla_breached = is_breached(task, project)


def describe(task: Task, values: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Give the task what stands for itself; bare dates are days in `zone`."""
    for name in ("title", "description", "priority", "estimated_hours"):
        if name in values:
            setattr(task, name, values[name])
    if "due_date" in values:
        due = values["due_date"]
        due_at = None if due is None else due_instant(due, zone)
        # The instant that was read, written back: it stays what it was given as.
        if due_at != task.due_at or is_bare_date(due):
            task.due_at, task.due_date_only = due_at, is_bare_date(due)


def _settled(values: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """`values` against what the task has now: without what changes nothing.

    Raises Invalid where they would change what is given once and for all.
    """
    for name, column in _FIXED.items():
        if name in values and values[name] != getattr(task, column):
            raise Invalid.field(name, "is given by the service and cannot be changed")
    settled = {}
    for name, value in values.items():
        if not isinstance(value, Coarse):
            settled[name] = value
        elif not value.covers(getattr(task, _COARSE[name])):
            settled[name] = value.value
    return settled


def _id_of(session: Session, username: str) -> int:
    user = find_by_login(session, username)
    if user is None:
        raise no_such_user(username)
    return user.id


def _place(session: Session, locked: Locked, edit: Edit) -> Project | None:
    """Give the task its status, its board and its place; returns the project it is in then."""
    task = locked.task
    # A new task has no status yet, and may begin with any.
    before = task.status or edit.values["status"]
    status: Status = edit.values.get("status", before)
    if reason := refusal(before, status):
        raise Conflict(
            f"The status cannot change like this: {reason}.", errors={"status": [reason]}
        )
    target = _target(session, locked, edit)
    board_id = edit.values["board"] if edit.leaves_board(task) else task.board_id
    if board_id is None and edit.between != END:
        raise Invalid.field("board", "is needed: the task is on no board")
    if board_id is None:
        task.project_id = task.board_id = task.position = None
    else:
        cell = Cell(board_id, status)
        if cell != (task.board_id, task.status) or edit.between != END:
            _put(session, target, cell, edit)
        task.project_id = target.project.id if target.project else None
    set_status(task, status)
    return target.project


def _target(session: Session, locked: Locked, edit: Edit) -> Locked:
    """The task as seen from the project that it is to be in. Raises where it may not go there."""
    task, actor, board = locked.task, locked.standing.actor, edit.board
    if not edit.leaves_board(task):
        return locked
    if board is None:
        locked.standing.require(Permission.DELETE_TASK)
        return Locked(task, None, locked.standing)
    # Others lose sight of a task that goes elsewhere, its reporter perhaps among them.
    if task.project_id != board.project_id:
        locked.standing.require(Permission.DELETE_TASK)
    # Its project is locked by now, so whether the board is still there is asked again.
    session.refresh(board)
    project = session.get(Project, board.project_id)
    standing = Standing(actor, "board", role_in(session, board.project_id, actor))
    if project is None or project.deleted_at or board.deleted_at or not standing.sees:
        raise no_such_board(board.id)
    standing.require(Permission.CREATE_TASK)
    check_writable(project)
    return Locked(task, project, standing)


def _put(session: Session, target: Locked, cell: Cell, edit: Edit) -> None:
    task, override = target.task, bool(edit.values.get("override_wip_limit"))
    placement.lock_boards(session, {cell.board_id, task.board_id or cell.board_id})
    if cell != (task.board_id, task.status):
        placement.check_room(session, cell, target.standing, override=override)
    placement.put(session, task, cell, edit.between)


def _assign(session: Session, task: Task, user_id: int | None, *, moved: bool) -> None:
    """Raises Invalid for who does not exist, may not sign in or is no member of the project."""
    if user_id is not None and (moved or user_id != task.assignee_id):
        user, project_id = find_user(session, user_id), task.project_id
        belongs = project_id is None or is_member(session, project_id, user_id)
        check_assignee(user_id, user, belongs=belongs)
    task.assignee_id = user_id


def check_assignee(user_id: int, user: User | None, *, belongs: bool) -> None:
    """Raise Invalid for a `user` who can have no task; `belongs`: is in its project, if any."""
    if not belongs:
        raise Invalid.field("assignee", f"user {user_id} is not a member of the project")
    if user is None or not user.is_active:
        raise Invalid.field("assignee", f"there is no active user with the id {user_id}")


def set_status(task: Task, status: Status) -> None:
    """Give the task its status; `completed_at` follows."""
    if status is not Status.DONE:
        task.completed_at = None
    elif task.completed_at is None:
        task.completed_at = clock.now()
    task.status = status


def no_such_board(board_id: int) -> NotFound:
    """The answer for a board that there is not, or that the caller does not see."""
    return NotFound("There is no such board.", errors={"board": [f"there is no board {board_id}"]})


def no_such_user(username: str) -> Invalid:
    """The answer for an assignee that there is not."""
    return Invalid.field("assignee", f"there is no active user called {username}")
