"""Where a task stands on a board: its column, its place in it, and whether there is room.

A place is a key that sorts byte by byte and lies between those of its neighbours, so that moving
one card changes one row. Whoever gives out a place holds the lock of the board until the commit;
a unique index makes sure of it.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from fractional_indexing import generate_key_between
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.boards.lifecycle import Status
from app.boards.models import Board, BoardColumn
from app.core.errors import Conflict, Invalid
from app.projects.permissions import Permission, Standing, who_may
from app.tasks.models import Task


class Cell(NamedTuple):
    """The tasks of one status on one board; a column shows a cell."""

    board_id: int
    status: Status


class Neighbours(NamedTuple):
    """Right below which card another is put, or right above which; neither means at the end."""

    after: int | None = None
    before: int | None = None


END = Neighbours()


def lock_boards(session: Session, board_ids: Collection[int]) -> None:
    """Keep everybody else from giving out places on these boards until the commit."""
    locked = select(Board.id).where(Board.id.in_(board_ids)).order_by(Board.id)
    session.execute(locked.with_for_update(key_share=True))


def put(session: Session, task: Task, cell: Cell, between: Neighbours = END) -> None:
    """Give `task` a place in `cell`, whose board is locked; one that is right already stays.

    Raises Invalid for a neighbour that is the task itself, Conflict for one that is not there.
    """
    for field, neighbour in between._asdict().items():
        if neighbour is not None and neighbour == task.id:
            raise Invalid.field(field, "is the task itself; name another one or none")
    stands_there = (task.board_id, task.status) == cell and task.deleted_at is None
    if stands_there and between == END:
        return
    lower, upper = _gap(session, task, cell, between)
    if not (stands_there and (lower or "") < (task.position or "") < (upper or "~")):
        # All at once: a query in between would write half of it and meet the unique index.
        place = generate_key_between(lower, upper)
        task.board_id, task.status, task.position = cell.board_id, cell.status, place


class Room(NamedTuple):
    """A cell's column, where it has a limit, and how many tasks the limit still lets in."""

    column: BoardColumn | None = None
    left: int = 0


def check_room(session: Session, cell: Cell, standing: Standing, *, override: bool) -> None:
    """Raise Conflict where `cell` is full, unless `override` is asked for by one who may."""
    column = full_column(session, cell)
    if column is None:
        return
    if override:
        standing.require(Permission.OVERRIDE_WIP_LIMIT)
        return
    raise is_full(column)


def full_column(session: Session, cell: Cell) -> BoardColumn | None:
    """The column of `cell` if it holds as many tasks as it may."""
    room = room_in(session, cell)
    return room.column if room.left <= 0 else None


def room_in(session: Session, cell: Cell) -> Room:
    """How much room there is in `cell`, as far as that is limited."""
    column = session.scalar(
        select(BoardColumn).where(
            BoardColumn.board_id == cell.board_id,
            BoardColumn.status == cell.status,
            BoardColumn.wip_limit.is_not(None),
        )
    )
    if column is None or column.wip_limit is None:
        return Room()
    held = session.scalar(select(func.count()).select_from(Task).where(*_in(cell)))
    return Room(column, column.wip_limit - (held or 0))


def last_place(session: Session, cell: Cell) -> str | None:
    """The place of the last task in `cell`; None where there is none."""
    return session.scalar(select(func.max(Task.position)).where(*_in(cell)))


def is_full(column: BoardColumn) -> Conflict:
    """The refusal to put one more task into a column."""
    return Conflict(
        f"{full(column)} Take a task out of it first; {who_may(Permission.OVERRIDE_WIP_LIMIT)} "
        "may exceed it (override_wip_limit: true).",
        errors={"status": [f"has reached the limit of {column.wip_limit} in this column"]},
        extra={"wip_limit": column.wip_limit},
    )


def full(column: BoardColumn) -> str:
    """That a column is full, as a sentence."""
    return f"The column {column.name!r} holds its limit of {column.wip_limit} tasks."


def _gap(
    session: Session, task: Task, cell: Cell, between: Neighbours
) -> tuple[str | None, str | None]:
    """The keys between which the task belongs; None stands for the top and the bottom."""
    others = [*_in(cell), Task.id != task.id]
    if between.after is not None:
        lower = _key_of(session, cell, "after", between.after)
        following = select(func.min(Task.position)).where(*others, Task.position > lower)
        return lower, session.scalar(following)
    if between.before is not None:
        upper = _key_of(session, cell, "before", between.before)
        preceding = select(func.max(Task.position)).where(*others, Task.position < upper)
        return session.scalar(preceding), upper
    return session.scalar(select(func.max(Task.position)).where(*others)), None


def _key_of(session: Session, cell: Cell, field: str, neighbour: int) -> str:
    key = session.scalar(select(Task.position).where(*_in(cell), Task.id == neighbour))
    if key is None:
        message = f"task {neighbour} is not in that column (any more); read the board again"
        raise Conflict(f"The task cannot be put there: {message}.", errors={field: [message]})
    return key


def _in(cell: Cell) -> list[ColumnElement[Any]]:
    return [
        Task.board_id == cell.board_id,
        Task.status == cell.status,
        Task.deleted_at.is_(None),
    ]
