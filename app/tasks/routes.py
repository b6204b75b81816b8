"""Tasks: `/api/v1/tasks/…`."""

from typing import Any

from flask import Response, current_app

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.errors import Invalid
from app.core.limits import api_limit
from app.core.pagination import page_schema, url_with
from app.extensions import db
from app.tasks import commands, queries, service
from app.tasks.by_date import read_day, tasks_of_day
from app.tasks.listing import find_page
from app.tasks.query_schema import TaskQuerySchema
from app.tasks.responses import json_response, task_response
from app.tasks.saved_filters import applied
from app.tasks.schemas import (
    DaySchema,
    HistoryQuerySchema,
    HistorySchema,
    ListedTaskSchema,
    TaskCreateSchema,
    TaskInputSchema,
    TaskPatchSchema,
    TaskSchema,
)
from app.users.actor import current_actor

bp = Blueprint("task", __name__, description="Create, find, change and delete tasks")
api_limit(bp)


@bp.get("/tasks/")
@bp.arguments(TaskQuerySchema, location="query")
@bp.alt_response(200, schema=page_schema(ListedTaskSchema), success=True)
def list_tasks(query: dict[str, Any]) -> Response:
    """List the tasks that the caller may see"""
    return _page(query)


@bp.get("/tasks/mine/")
@bp.arguments(TaskQuerySchema, location="query")
@bp.alt_response(200, schema=page_schema(ListedTaskSchema), success=True)
def list_my_tasks(query: dict[str, Any]) -> Response:
    """List the tasks that are assigned to the caller"""
    if "assignee" in query:
        raise Invalid.field("assignee", "is always the caller here; use /api/v1/tasks/ instead")
    return _page(query | {"assignee": [current_actor().id]})


@bp.get("/tasks/by-date/<day>/")
@bp.alt_response(200, schema=DaySchema, success=True)
@bp.alt_response(400, description="Not a date")
def list_tasks_of_day(day: str) -> Response:
    """List the tasks created on a day, YYYY-MM-DD, newest first (the first 1000)"""
    results = tasks_of_day(read_day(day), current_actor())
    count = len(current_app.json.loads(results))
    return json_response(f'{{"count":{count},"results":{results}}}')


@bp.post("/tasks/")
@bp.arguments(
    TaskCreateSchema,
    example={"title": "Write the report", "board": 1, "priority": "HIGH", "status": "TODO"},
)
@bp.alt_response(201, schema=TaskSchema, success=True)
def create_task(data: dict[str, Any]) -> Response:
    """Create a task; the caller is its reporter"""
    return task_response(commands.create(data), 201)


@bp.get("/tasks/<id:task_id>/")
@bp.alt_response(200, schema=TaskSchema, success=True)
def show_task(task_id: int) -> Response:
    """Show one task; its ETag is the version to send as If-Match"""
    return task_response(queries.get_task(db.session(), task_id, current_actor()))


@bp.put("/tasks/<id:task_id>/")
@bp.arguments(TaskInputSchema)
@bp.alt_response(200, schema=TaskSchema, success=True)
@bp.alt_response(412, description="The task is not at the version in If-Match")
def replace_task(data: dict[str, Any], task_id: int) -> Response:
    """Replace a task; what is left out takes its default"""
    return task_response(commands.change(task_id, data))


@bp.patch("/tasks/<id:task_id>/")
@bp.arguments(TaskPatchSchema)
@bp.alt_response(200, schema=TaskSchema, success=True)
@bp.alt_response(412, description="The task is not at the version in If-Match")
def change_task(data: dict[str, Any], task_id: int) -> Response:
    """Change some fields of a task; what is left out stays, null empties"""
    return task_response(commands.change(task_id, data))


@bp.delete("/tasks/<id:task_id>/")
@bp.response(204)
@bp.alt_response(403, description="Neither the reporter, nor MANAGER or ADMIN of the project")
def delete_task(task_id: int) -> None:
    """Delete a task; it can be restored"""
    commands.delete(task_id)


@bp.post("/tasks/<id:task_id>/restore/")
@bp.alt_response(200, schema=TaskSchema, success=True)
def restore_task(task_id: int) -> Response:
    """Bring a deleted task back"""
    with unit_of_work() as session:
        task = service.restore_task(session, task_id, actor=current_actor())
    return task_response(task)


@bp.get("/tasks/<id:task_id>/history/")
@bp.arguments(HistoryQuerySchema, location="query")
@bp.response(200, HistorySchema)
def show_history(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Show what happened to a task, newest first"""
    session, size = db.session(), query["page_size"]
    queries.get_task(session, task_id, current_actor())
    found = queries.history(session, task_id, before=query.get("before"), limit=size + 1)
    more = len(found) > size
    return {"results": found[:size], "next": _before(found[size - 1].id) if more else None}


def _page(query: dict[str, Any]) -> Response:
    session, actor = db.session(), current_actor()
    page = find_page(session, applied(session, query, actor), actor)
    encode = current_app.json.dumps
    return json_response(
        f'{{"count":{page.count},"next":{encode(page.next)},"previous":{encode(page.previous)},'
        f'"results":[{",".join(page.texts)}]}}'
    )


def _before(event_id: int) -> str:
    return url_with(before=event_id)
