"""What a client says of itself on a board: that it looks at it, and what it writes about."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.boards.queries import get_board
from app.core.errors import BadRequest, NotFound, Unauthenticated, Unavailable
from app.core.fields import MAX_ID
from app.extensions import db
from app.realtime.connection import Connection
from app.realtime.messages import Message
from app.realtime.presence import as_message
from app.realtime.switchboard import Switchboard
from app.tasks.models import Task

T = TypeVar("T")


def presence(switchboard: Switchboard, connection: Connection, asked: Mapping[str, Any]) -> Message:
    """`{board}`, null for none → `{board, people, action}`: who looks at it, the asker as well.

    Raises BadRequest, NotFound for a board that cannot be seen, Unauthenticated, Unavailable.
    """
    actor, board_id = connection.actor, _read_id(asked, "board")
    if actor is None:
        raise Unauthenticated("Sign in first.")
    if board_id is None:
        switchboard.presence.look_away(connection)
        return as_message(None, ())
    _, project, _ = _read(lambda session: get_board(session, board_id, actor))
    return as_message(board_id, switchboard.presence.look(connection, board_id, project.id))


def typing(switchboard: Switchboard, connection: Connection, asked: Mapping[str, Any]) -> Message:
    """`{task}`, null for none any more → `{typing}`; the task must be on the board looked at.

    Raises BadRequest, also for who looks at no board, NotFound, Unavailable.
    """
    task_id, board_id = _read_id(asked, "task"), switchboard.presence.board_of(connection)
    on_board = select(Task.id).where(
        Task.id == task_id, Task.board_id == board_id, Task.deleted_at.is_(None)
    )
    if task_id is not None and _read(lambda session: session.scalar(on_board)) is None:
        raise NotFound("There is no such task on the board that you look at.")
    switchboard.presence.type(connection, task_id)
    return {"typing": task_id}


def _read_id(asked: Mapping[str, Any], name: str) -> int | None:
    value = asked.get(name, "")
    is_id = type(value) is int and 0 < value <= MAX_ID
    if set(asked) != {name} or not (is_id or value is None):
        raise BadRequest(f'Send {{"{name}": <id>}}, or null for none.')
    return value if is_id else None


def _read(query: Callable[[Session], T]) -> T:
    """What `query` finds. Raises Unavailable without a database."""
    try:
        return query(db.session())
    except SQLAlchemyError:
        raise Unavailable("The board cannot be read now. Try again later.") from None
    finally:
        # Ends the transaction now: nothing may happen between what comes next and the answer.
        db.session.remove()
