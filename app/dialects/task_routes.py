"""The six routes that dialects have for tasks, made of a table of what differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, jsonify
from marshmallow import Schema

from app.core.api import Blueprint
from app.core.etag import with_etag
from app.core.pagination import page_schema
from app.dialects.shared import TaskBody, patching, replacing
from app.extensions import db
from app.tasks import commands, queries
from app.tasks.listing import TaskPage, find_page
from app.tasks.models import Task
from app.tasks.recording import as_json
from app.users.actor import current_actor

Envelope = Callable[[TaskPage, Sequence[Any]], Response]


@dataclass(frozen=True)
class TaskRoutes:
    """How a dialect speaks of tasks: where, in which words, in which envelope.

    `example` is a body; `scope` narrows every list, as a TaskQuerySchema would; `deleted` is the
    answer to DELETE.
    """

    name: str
    path: str
    body: type[TaskBody]
    query: type[Schema]
    envelope: Envelope
    deleted: tuple[Any, int]
    example: Mapping[str, Any]
    scope: Mapping[str, Any] = field(default_factory=dict)

    @property
    def listed(self) -> Schema | type[Schema]:
        """The schema of a list."""
        return page_schema(self.body) if self.envelope is paged else self.body(many=True)


def array(page: TaskPage, shown: Sequence[Any]) -> Response:
    """A bare array; the pages beside it are in `Link`, the number of all in `X-Total-Count`."""
    response = jsonify(shown)
    links = {"next": page.next, "prev": page.previous}
    if any(links.values()):
        response.headers["Link"] = ", ".join(
            f'<{url}>; rel="{name}"' for name, url in links.items() if url
        )
    response.headers["X-Total-Count"] = str(page.count)
    return response


def paged(page: TaskPage, shown: Sequence[Any]) -> Response:
    """`{count, next, previous, results}`."""
    return jsonify(count=page.count, next=page.next, previous=page.previous, results=shown)


def task_answer(task: Task, body: type[TaskBody], status: int = 200) -> Response:
    """One task in the dialect's words; its version is the ETag."""
    response = jsonify(body().dump(as_json(task)))
    response.status_code = status
    return with_etag(response, task.version)


def list_answer(query: Mapping[str, Any], body: type[TaskBody], envelope: Envelope) -> Response:
    """The list that `query` asks for, in the dialect's words."""
    page = find_page(db.session(), query, current_actor())
    tasks = current_app.json.loads(f"[{','.join(page.texts)}]")
    return envelope(page, body(many=True).dump(tasks))


def add_task_routes(bp: Blueprint, routes: TaskRoutes) -> None:
    """Give `bp` the routes: list, create, and show, replace, change and delete one."""
    _add_collection(bp, routes)
    _add_changes(bp, routes, "PUT", replacing(routes.body), "Change a task; its title is needed")
    _add_changes(bp, routes, "PATCH", patching(routes.body), "Change some fields of a task")
    body, one = routes.body, f"{routes.path}<id:task_id>/"

    @bp.get(one, endpoint=f"show_{routes.name}")
    @bp.response(200, body)
    def show_task(task_id: int) -> Response:
        """Show one task"""
        return task_answer(queries.get_task(db.session(), task_id, current_actor()), body)

    @bp.delete(one, endpoint=f"delete_{routes.name}")
    @bp.alt_response(routes.deleted[1], description="It is deleted", success=True)
    def delete_task(task_id: int) -> Any:
        """Delete a task; it can be restored through the canonical API"""
        commands.delete(task_id)
        return routes.deleted


def _add_collection(bp: Blueprint, routes: TaskRoutes) -> None:
    @bp.get(routes.path, endpoint=f"list_{routes.name}")
    @bp.arguments(routes.query, location="query")
    @bp.alt_response(200, schema=routes.listed, success=True)
    def list_tasks(query: dict[str, Any]) -> Response:
        """List tasks"""
        return list_answer({**query, **routes.scope}, routes.body, routes.envelope)

    @bp.post(routes.path, endpoint=f"create_{routes.name}")
    @bp.arguments(routes.body, example=routes.example)
    @bp.alt_response(201, schema=routes.body, success=True)
    def create_task(data: dict[str, Any]) -> Response:
        """Create a task; the caller is its reporter"""
        return task_answer(commands.create(data), routes.body, 201)


def _add_changes(
    bp: Blueprint, routes: TaskRoutes, method: str, body: type[TaskBody], summary: str
) -> None:
    @bp.route(
        f"{routes.path}<id:task_id>/",
        methods=[method],
        endpoint=f"{method.lower()}_{routes.name}",
    )
    @bp.doc(summary=summary)
    @bp.arguments(body, example=routes.example)
    @bp.alt_response(200, schema=routes.body, success=True)
    @bp.alt_response(412, description="The task is not at the version in If-Match")
    def change_task(data: dict[str, Any], task_id: int) -> Response:
        return task_answer(commands.change(task_id, data), routes.body)
