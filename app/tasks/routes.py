"""Tasks: `/api/v1/tasks/…`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, current_app

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.errors import BadRequest, Invalid
from app.core.etag import expected_version
from app.core.limits import api_limit
from app.core.pagination import cursor_links, page_schema, url_with
from app.extensions import db
from app.tasks import queries, service
from app.tasks.by_date import tasks_of_day
from app.tasks.due import parse_day
from app.tasks.listing import Listing, TaskRows
from app.tasks.query_schema import TaskQuerySchema
from app.tasks.responses import json_response, task_response
from app.tasks.saved_filters import applied
from app.tasks.schemas import (
    FIRST_YEAR,
    LAST_YEAR,
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
    results = tasks_of_day(_day(day), current_actor())
    count = len(current_app.json.loads(results))
    return json_response(f'{{"count":{count},"results":{results}}}')


@bp.post("/tasks/")
@bp.arguments(TaskCreateSchema)
@bp.alt_response(201, schema=TaskSchema, success=True)
def create_task(data: dict[str, Any]) -> Response:
    """Create a task; the caller is its reporter"""
    with unit_of_work() as session:
        task = service.create_task(session, data, actor=current_actor())
    return task_response(task, 201)


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
    return _update(task_id, data)


@bp.patch("/tasks/<id:task_id>/")
@bp.arguments(TaskPatchSchema)
@bp.alt_response(200, schema=TaskSchema, success=True)
@bp.alt_response(412, description="The task is not at the version in If-Match")
def change_task(data: dict[str, Any], task_id: int) -> Response:
    """Change some fields of a task; what is left out stays, null empties"""
    return _update(task_id, data)


@bp.delete("/tasks/<id:task_id>/")
@bp.response(204)
@bp.alt_response(403, description="Neither the reporter, nor MANAGER or ADMIN of the project")
def delete_task(task_id: int) -> None:
    """Delete a task; it can be restored"""
    with unit_of_work() as session:
        service.delete_task(session, task_id, actor=current_actor(), version=expected_version())


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


def _update(task_id: int, data: Mapping[str, Any]) -> Response:
    version = expected_version()
    with unit_of_work() as session:
        task = service.update_task(session, task_id, data, actor=current_actor(), version=version)
    return task_response(task)


def _page(query: dict[str, Any]) -> Response:
    """A page by number where one is asked for, else by cursor."""
    if "page" in query and "cursor" in query:
        raise Invalid.field("page", "cannot be combined with cursor; send one of them")
    session, actor = db.session(), current_actor()
    listing = Listing(applied(session, query, actor), actor)
    cursor = listing.order.decode(query["cursor"]) if "cursor" in query else None
    rows, count = listing.page(session, cursor), listing.count(session)
    if "page" in query:
        links = _numbered_links(query["page"], rows)
    else:
        links = cursor_links(listing.order, cursor, rows.keys, has_more=rows.has_more)
    encode = current_app.json.dumps
    return json_response(
        f'{{"count":{count},"next":{encode(links[0])},"previous":{encode(links[1])},'
        f'"results":[{",".join(rows.texts)}]}}'
    )


def _numbered_links(page: int, rows: TaskRows) -> tuple[str | None, str | None]:
    following = url_with(page=page + 1) if rows.has_more else None
    return following, url_with(page=page - 1) if page > 1 else None


def _before(event_id: int) -> str:
    return url_with(before=event_id)


def _day(text: str) -> date:
    try:
        day = parse_day(text)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        message = "must be a date such as 2026-03-31"
        raise BadRequest(f"The date {message}.", errors={"date": [message]})
    return day
