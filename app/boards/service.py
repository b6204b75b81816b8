"""Writing boards and columns. Every function runs inside the caller's unit of work.

A board is changed under the lock of its project, which every writer of a task in it shares: nobody
puts a task anywhere while boards change, and no two change the order of boards or columns at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.boards.events import (
    BoardCreated,
    BoardDeleted,
    BoardUpdated,
    about_board,
    board_json,
)
from app.boards.lifecycle import Status
from app.boards.models import Board, BoardColumn
from app.boards.queries import boards_in, columns_of, get_board
from app.core import clock, events
from app.core.errors import Conflict, NotFound
from app.projects.permissions import Permission
from app.projects.queries import check_writable, lock_project
from app.users.actor import Actor

USUAL_COLUMNS: Sequence[Mapping[str, Any]] = (
    {"name": "Backlog", "status": Status.BACKLOG},
    {"name": "To do", "status": Status.TODO},
    {"name": "In progress", "status": Status.IN_PROGRESS},
    {"name": "Review", "status": Status.REVIEW},
    {"name": "Done", "status": Status.DONE},
)


Item = TypeVar("Item", Board, BoardColumn)


def create_board(session: Session, data: Mapping[str, Any], *, actor: Actor) -> Board:
    """Create the last board of a project; `data` as BoardInputSchema loads it.

    Raises NotFound, Forbidden, Conflict for an archived project.
    """
    project, standing = lock_project(session, data["project"], actor)
    standing.require(Permission.MANAGE_BOARDS)
    check_writable(project)
    columns = data.get("columns", USUAL_COLUMNS)
    return add_board(session, project.id, data["name"], columns, actor_id=actor.id)


def add_board(
    session: Session,
    project_id: int,
    name: str,
    columns: Sequence[Mapping[str, Any]],
    *,
    actor_id: int | None,
) -> Board:
    """Add a board to a project that is locked already."""
    moment, position = clock.now(), len(boards_in(session, project_id)) + 1
    board = Board(project_id=project_id, name=name, position=position)
    board.created_at = board.updated_at = moment
    session.add(board)
    session.flush()  # The columns and the event name the new id.
    rows = [
        BoardColumn(**column, board_id=board.id, position=place)
        for place, column in enumerate(columns, start=1)
    ]
    session.add_all(rows)
    session.flush()  # The event tells the ids of the columns.
    snapshot = board_json(board, rows)
    events.record(about_board(board, snapshot, BoardCreated, actor_id=actor_id))
    return board


def update_board(
    session: Session, board_id: int, data: Mapping[str, Any], *, actor: Actor
) -> Board:
    """Rename a board or move it among the boards of its project.

    Raises NotFound, Forbidden, Conflict for an archived project.
    """
    board = _lock(session, board_id, actor)
    others, position = boards_in(session, board.project_id), data.get("position", board.position)
    for each, place in _reordered(others, board, position):
        with _changing(session, each, actor):
            each.position = place
            if each is board:
                each.name = data.get("name", each.name)
    return board


def delete_board(session: Session, board_id: int, *, actor: Actor) -> None:
    """Delete a board that has no tasks.

    Raises NotFound, Forbidden, Conflict for the last board, one with tasks, an archived project.
    """
    board = _lock(session, board_id, actor)
    remaining = [each for each in boards_in(session, board.project_id) if each is not board]
    if not remaining:
        raise Conflict("This is the last board of the project; create another one first.")
    board.deleted_at = clock.now()
    snapshot = board_json(board, columns_of(session, board_id))
    events.record(about_board(board, snapshot, BoardDeleted, actor_id=actor.id))
    for place, each in enumerate(remaining, start=1):
        with _changing(session, each, actor):
            each.position = place


def add_column(
    session: Session, board_id: int, data: Mapping[str, Any], *, actor: Actor
) -> BoardColumn:
    """Add a column, at its position or as the last; `data` as ColumnInputSchema loads it.

    Raises NotFound, Forbidden, Conflict for an archived project; a second column for a status
    surfaces as the database's constraint and is answered 409.
    """
    board = _lock(session, board_id, actor)
    columns = columns_of(session, board_id)
    with _changing(session, board, actor):
        last = len(columns) + 1
        column = BoardColumn(**data, board_id=board_id)
        column.position = last
        session.add(column)
        for each, place in _reordered(columns, column, data.get("position", last)):
            each.position = place
    return column


def update_column(
    session: Session, board_id: int, column_id: int, data: Mapping[str, Any], *, actor: Actor
) -> BoardColumn:
    """Change a column; its tasks keep their status, so another status shows other tasks.

    Raises as `add_column`, NotFound also for a column of another board.
    """
    board = _lock(session, board_id, actor)
    columns = columns_of(session, board_id)
    column = _one_of(columns, column_id)
    with _changing(session, board, actor):
        for name in ("name", "status", "wip_limit"):
            if name in data:
                setattr(column, name, data[name])
        for each, place in _reordered(columns, column, data.get("position", column.position)):
            each.position = place
    return column


def delete_column(session: Session, board_id: int, column_id: int, *, actor: Actor) -> None:
    """Delete a column; its tasks stay as they are and are not shown on the board.

    Raises as `update_column`.
    """
    board = _lock(session, board_id, actor)
    columns = columns_of(session, board_id)
    column = _one_of(columns, column_id)
    with _changing(session, board, actor):
        session.delete(column)
        remaining = [each for each in columns if each is not column]
        for place, each in enumerate(remaining, start=1):
            each.position = place


def _lock(session: Session, board_id: int, actor: Actor) -> Board:
    board, project, _ = get_board(session, board_id, actor)
    # The role may have changed while this waited for the lock; the one under the lock counts.
    project, standing = lock_project(session, project.id, actor)
    session.refresh(board)
    if board.deleted_at is not None:
        raise NotFound("There is no such board.")
    standing.require(Permission.MANAGE_BOARDS)
    check_writable(project)
    return board


@contextmanager
def _changing(session: Session, board: Board, actor: Actor) -> Iterator[None]:
    """What happens to the board and its columns inside becomes one event, if it is a change."""
    before = board_json(board, columns_of(session, board.id))
    yield
    session.flush()  # The event tells the ids of new columns.
    after = board_json(board, columns_of(session, board.id))
    changes = events.differences(before, after)
    if changes:
        board.updated_at = clock.now()
        snapshot = board_json(board, columns_of(session, board.id))
        changed = about_board(board, snapshot, BoardUpdated, actor_id=actor.id, changes=changes)
        events.record(changed)


def _reordered(items: Sequence[Item], moved: Item, position: int) -> Iterator[tuple[Item, int]]:
    """The items with their new places, `moved` at `position` (or last, where that is beyond)."""
    order = [each for each in items if each is not moved]
    order.insert(position - 1, moved)
    for place, item in enumerate(order, start=1):
        yield item, place


def _one_of(columns: Sequence[BoardColumn], column_id: int) -> BoardColumn:
    for column in columns:
        if column.id == column_id:
            return column
    raise NotFound("There is no such column.")
