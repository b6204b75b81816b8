"""What follows for boards from what happens to projects."""

from sqlalchemy.orm import Session

from app.boards.service import USUAL_COLUMNS, add_board
from app.core.events import Event


def make_first_board(session: Session, event: Event) -> None:
    """Give a new project a board, so that tasks can be put somewhere at once."""
    add_board(session, event.entity_id, "Board", USUAL_COLUMNS, actor_id=event.actor_id)
