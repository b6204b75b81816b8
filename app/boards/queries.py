"""Reading boards and columns."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.models import Board, BoardColumn
from app.core.errors import NotFound
from app.projects.models import Project
from app.projects.permissions import Standing
from app.projects.queries import standing_in
from app.users.actor import Actor


def get_board(session: Session, board_id: int, actor: Actor) -> tuple[Board, Project, Standing]:
    """A board, its project and how `actor` stands to it. Raises NotFound for one that is unseen."""
    found = session.execute(
        select(Board, Project)
        .join(Project, Project.id == Board.project_id)
        .where(Board.id == board_id, Board.deleted_at.is_(None), Project.deleted_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such board.")
    board, project = found
    standing = standing_in(session, project, actor, thing="board")
    if not standing.sees:
        raise NotFound("There is no such board.")
    return board, project, standing


def columns_of(session: Session, board_id: int) -> Sequence[BoardColumn]:
    """The columns of a board, in order."""
    columns = select(BoardColumn).where(BoardColumn.board_id == board_id)
    return session.scalars(columns.order_by(BoardColumn.position, BoardColumn.id)).all()
