"""Reading boards and columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.models import Board, BoardColumn
from app.core.errors import NotFound
from app.core.pagination import counted_page
from app.projects.models import Project
from app.projects.permissions import Standing
from app.projects.queries import get_project, projects_of, standing_in
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


def boards_in(session: Session, project_id: int) -> Sequence[Board]:
    """The boards of a project, in order."""
    boards = select(Board).where(Board.project_id == project_id, Board.deleted_at.is_(None))
    return session.scalars(boards.order_by(Board.position, Board.id)).all()


def list_boards(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[Board]]:
    """Count and page of the boards that `actor` sees, by project and position.

    Raises NotFound for a project that cannot be seen.
    """
    seen = select(Board).join(Project, Project.id == Board.project_id)
    seen = seen.where(Board.deleted_at.is_(None), Project.deleted_at.is_(None))
    if "project" in query:
        get_project(session, query["project"], actor)
        seen = seen.where(Board.project_id == query["project"])
    elif not actor.is_admin:
        seen = seen.where(Board.project_id.in_(projects_of(actor)))
    ordered = seen.order_by(Board.project_id, Board.position, Board.id)
    return counted_page(session, ordered, query)
