"""Tasks on boards: `/api/v1/boards/{id}/`, `/api/v1/tasks/{id}/move/` and the like."""

from typing import Any

from flask import Response

from app.core.api import Blueprint
from app.core.db import snapshot, unit_of_work
from app.core.etag import expected_version
from app.core.limits import api_limit
from app.extensions import db
from app.tasks import queries, service
from app.tasks.board_page import board_page
from app.tasks.lifecycle_schemas import (
    AssignSchema,
    BoardViewQuerySchema,
    BoardViewSchema,
    BulkResultSchema,
    BulkSchema,
    MoveSchema,
    TransitionsSchema,
)
from app.tasks.responses import json_response, task_response
from app.tasks.schemas import TaskSchema
from app.tasks.transitions import transitions_of
from app.users.actor import current_actor

bp = Blueprint(
    "lifecycle", __name__, description="Draw a board; move, assign and change tasks on it"
)
api_limit(bp)


@bp.get("/boards/<id:board_id>/")
@bp.arguments(BoardViewQuerySchema, location="query")
@bp.alt_response(200, schema=BoardViewSchema, success=True)
def show_board(query: dict[str, Any], board_id: int) -> Response:
    """Show a board with its columns, their first cards and counts"""
    with snapshot() as session:
        return json_response(board_page(session, board_id, query["cards"], current_actor()))


@bp.get("/tasks/<id:task_id>/transitions/")
@bp.response(200, TransitionsSchema)
def show_transitions(task_id: int) -> dict[str, Any]:
    """Show which states the task can go into, and why not into the others"""
    session, actor = db.session(), current_actor()
    task = queries.get_task(session, task_id, actor)
    return {"status": task.status, "transitions": transitions_of(session, task, actor)}


@bp.post("/tasks/<id:task_id>/move/")
@bp.arguments(MoveSchema)
@bp.alt_response(200, schema=TaskSchema, success=True)
@bp.alt_response(403, description="The role in the project does not suffice")
@bp.alt_response(409, description="The column is full, or a neighbour is not in it any more")
@bp.alt_response(412, description="The task is not at the version in If-Match")
def move_task(data: dict[str, Any], task_id: int) -> Response:
    """Move a task to another column or board, or between two other cards"""
    return _update(task_id, data)


@bp.post("/tasks/<id:task_id>/assign/")
@bp.arguments(AssignSchema)
@bp.alt_response(200, schema=TaskSchema, success=True)
@bp.alt_response(409, description="The project is archived")
@bp.alt_response(412, description="The task is not at the version in If-Match")
def assign_task(data: dict[str, Any], task_id: int) -> Response:
    """Assign a task to somebody, or with null to nobody"""
    return _update(task_id, data)


@bp.post("/tasks/bulk/")
@bp.arguments(BulkSchema)
@bp.response(200, BulkResultSchema)
@bp.alt_response(403, description="The role in the project of one of the tasks does not suffice")
@bp.alt_response(409, description="One of the tasks cannot change like this; `task` names it")
def change_tasks(data: dict[str, Any]) -> dict[str, Any]:
    """Change up to 200 tasks, all or none; with dry_run only tell what would change"""
    with unit_of_work(dry_run=data["dry_run"]) as session:
        done = service.change_tasks(session, data["tasks"], data["changes"], actor=current_actor())
        results = [
            {"task": task.id, "version": task.version, "changes": changes} for task, changes in done
        ]
    changed = sum(bool(result["changes"]) for result in results)
    return {"dry_run": data["dry_run"], "changed": changed, "results": results}


def _update(task_id: int, data: dict[str, Any]) -> Response:
    version = expected_version()
    with unit_of_work() as session:
        task = service.update_task(session, task_id, data, actor=current_actor(), version=version)
    return task_response(task)
