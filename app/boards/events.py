"""What can happen to a board; the members of its project read it in the project's stream."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.boards.models import Board, BoardColumn
from app.boards.schemas import BoardWithColumnsSchema
from app.core.events import Changes, Event, StreamName


class BoardEvent(Event):
    """A change of one board or of its columns; `snapshot` is the board with its columns."""

    entity: ClassVar[str] = "board"


class BoardCreated(BoardEvent):
    """A board came into being."""

    type: ClassVar[str] = "board.created"


class BoardUpdated(BoardEvent):
    """A board or one of its columns changed."""

    type: ClassVar[str] = "board.updated"


class BoardDeleted(BoardEvent):
    """A board was deleted; it had no tasks."""

    type: ClassVar[str] = "board.deleted"


def about_board(
    board: Board,
    snapshot: Mapping[str, Any],
    kind: type[BoardEvent],
    *,
    actor_id: int | None,
    changes: Changes | None = None,
) -> BoardEvent:
    """An event of `kind` about `board`, which `snapshot` shows."""
    return kind(
        entity_id=board.id,
        project_id=board.project_id,
        actor_id=actor_id,
        streams=frozenset({StreamName.of_project(board.project_id)}),
        changes=changes or {},
        snapshot=snapshot,
    )


def board_json(board: Board, columns: Sequence[BoardColumn]) -> dict[str, Any]:
    """`board` with its columns as the API prints it."""
    fields = ("id", "project_id", "name", "position", "created_at", "updated_at")
    values = {name: getattr(board, name) for name in fields} | {"columns": columns}
    dumped: dict[str, Any] = BoardWithColumnsSchema().dump(values)
    return dumped
