"""Boards and columns: `/api/v1/boards/…`; the page of a board is drawn by the tasks."""

from typing import Any

from app.boards import queries, service
from app.boards.models import Board, BoardColumn
from app.boards.schemas import (
    BoardInputSchema,
    BoardPatchSchema,
    BoardQuerySchema,
    BoardSchema,
    ColumnInputSchema,
    ColumnPatchSchema,
    ColumnSchema,
)
from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.users.actor import current_actor

bp = Blueprint("board", __name__, description="Set up boards and their columns")
api_limit(bp)

NEEDS_MANAGER = "Needs MANAGER of the project"
ARCHIVED = "The project is archived"


@bp.get("/boards/")
@bp.arguments(BoardQuerySchema, location="query")
@bp.response(200, page_schema(BoardSchema))
def list_boards(query: dict[str, Any]) -> Page[Board]:
    """List the boards of a project, or of all the caller's projects"""
    count, boards = queries.list_boards(db.session(), query, current_actor())
    return paged(count, boards, query)


@bp.post("/boards/")
@bp.arguments(BoardInputSchema)
@bp.response(201, BoardSchema)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description=ARCHIVED)
def create_board(data: dict[str, Any]) -> Board:
    """Create a board, by default with the usual five columns"""
    with unit_of_work() as session:
        return service.create_board(session, data, actor=current_actor())


@bp.patch("/boards/<id:board_id>/")
@bp.arguments(BoardPatchSchema)
@bp.response(200, BoardSchema)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description=ARCHIVED)
def change_board(data: dict[str, Any], board_id: int) -> Board:
    """Rename a board, or move it among the boards of its project"""
    with unit_of_work() as session:
        return service.update_board(session, board_id, data, actor=current_actor())


@bp.delete("/boards/<id:board_id>/")
@bp.response(204)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description="It has tasks, is the last one, or the project is archived")
def delete_board(board_id: int) -> None:
    """Delete a board without tasks"""
    with unit_of_work() as session:
        service.delete_board(session, board_id, actor=current_actor())


@bp.get("/boards/<id:board_id>/columns/")
@bp.response(200, ColumnSchema(many=True))
def list_columns(board_id: int) -> Any:
    """List the columns of a board, in order"""
    session = db.session()
    queries.get_board(session, board_id, current_actor())
    return queries.columns_of(session, board_id)


@bp.post("/boards/<id:board_id>/columns/")
@bp.arguments(ColumnInputSchema)
@bp.response(201, ColumnSchema)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description="The status has a column, or the project is archived")
def add_column(data: dict[str, Any], board_id: int) -> BoardColumn:
    """Add a column to a board"""
    with unit_of_work() as session:
        return service.add_column(session, board_id, data, actor=current_actor())


@bp.patch("/boards/<id:board_id>/columns/<id:column_id>/")
@bp.arguments(ColumnPatchSchema)
@bp.response(200, ColumnSchema)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description="The status has a column, or the project is archived")
def change_column(data: dict[str, Any], board_id: int, column_id: int) -> BoardColumn:
    """Change a column: its name, status, place or WIP limit"""
    with unit_of_work() as session:
        return service.update_column(session, board_id, column_id, data, actor=current_actor())


@bp.delete("/boards/<id:board_id>/columns/<id:column_id>/")
@bp.response(204)
@bp.alt_response(403, description=NEEDS_MANAGER)
@bp.alt_response(409, description=ARCHIVED)
def delete_column(board_id: int, column_id: int) -> None:
    """Delete a column; its tasks stay and are not shown"""
    with unit_of_work() as session:
        service.delete_column(session, board_id, column_id, actor=current_actor())
