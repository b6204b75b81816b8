"""The classic API: `/api/token/`, `/register/`, `/tasks/` and `/api/tasks/`.

Two documents share it. `/api/tasks/` is narrowed to what the caller created or is assigned to;
both spellings of a field (`title`, `task_name`) are understood and shown everywhere.
"""

from dataclasses import replace
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, fields, post_load

from app.auth import commands as auth
from app.auth.limits import sign_in_limit
from app.auth.schemas import CredentialsSchema, RefreshSchema, TokensSchema
from app.boards.lifecycle import Status
from app.core.api import Blueprint
from app.core.fields import CommaList, Id, Text
from app.core.limits import (
    classic_limit,
    registration_limit,
    sign_in_address_limit,
)
from app.dialects.shared import (
    PRIORITIES,
    PRIORITY_WORDS,
    AnyOf,
    ArrayQuery,
    DueFilters,
    Moment,
    Ordering,
    Somebody,
    State,
    TaskBody,
    Word,
    Words,
    detailed,
)
from app.dialects.task_routes import TaskRoutes, add_task_routes, array, list_answer
from app.tasks.filters import Person
from app.tasks.models import Priority
from app.users import commands as users
from app.users.models import User
from app.users.schemas import email_field, password_field, username_field

STATUS = Words(
    {
        "pending": [Status.TODO, Status.BACKLOG],
        "in_progress": [Status.IN_PROGRESS, Status.REVIEW],
        "completed": [Status.DONE],
        "cancelled": [Status.CANCELLED, Status.ARCHIVED],
    }
)
PRIORITY = Words(PRIORITIES, also=PRIORITY_WORDS)


class ClassicTaskSchema(TaskBody):
    """A task of the classic API."""

    id = Id()
    title = Text(min_length=1, max_length=500)
    task_name = fields.String(dump_only=True, attribute="title")
    description = Text(max_length=20_000, multiline=True)
    task_description = fields.String(dump_only=True, attribute="description")
    status = State(STATUS, load_default=Status.TODO)
    task_status = Word(STATUS, dump_only=True, attribute="status")
    priority = Word(PRIORITY, load_default=Priority.MEDIUM)
    due_date = Moment(allow_none=True)
    assigned_to = Somebody(attribute="assignee", allow_none=True)
    assigned_by = Somebody(attribute="reporter")
    created_at = fields.String(dump_only=True)
    updated_at = fields.String(dump_only=True)
    completed_at = fields.String(dump_only=True, allow_none=True)


class ClassicQuerySchema(DueFilters, ArrayQuery):
    """Filters of the classic lists."""

    status = AnyOf(STATUS)
    task_status = AnyOf(STATUS)
    priority = AnyOf(PRIORITY)
    assigned_to = CommaList(Person(), attribute="assignee")
    assigned_by = CommaList(Person(), attribute="reporter")
    search = Text(min_length=1, max_length=200)
    ordering = Ordering(ClassicTaskSchema)

    @post_load
    def _one_status(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        status = data.pop("task_status", data.get("status"))
        if status != data.get("status", status):
            raise ValidationError("differs from status; send only one of them", "task_status")
        return data if status is None else data | {"status": status}


class ClassicUserSchema(Schema):
    """A new account: a name and a password are enough."""

    id = fields.Integer(dump_only=True)
    username = username_field(required=True)
    password = password_field(required=True)
    email = email_field(load_only=True)


class ClassicTokenSchema(TokensSchema):
    """The tokens; `token` is the access token under its old name."""

    token = fields.String()


bp = Blueprint(
    "classic",
    __name__,
    description="Dialect of /api/v1: token sign-in, /tasks/ and /api/tasks/ with task_name, "
    "task_status and lists as bare arrays",
    error_format=detailed(ClassicTaskSchema, "ClassicError"),
)
classic_limit(bp)

TASKS = TaskRoutes(
    "tasks", "/tasks/", ClassicTaskSchema, ClassicQuerySchema, array, deleted=("", 204),
    example={"title": "Write the report", "description": "For Monday", "status": "pending",
             "assigned_to": 1},
)  # fmt: skip
OWN_TASKS = replace(
    TASKS, name="own_tasks", path="/api/tasks/", scope={"involves": "me"},
    example={"task_name": "Write the report", "task_status": "pending", "assigned_to": 1},
)  # fmt: skip

add_task_routes(bp, TASKS)
add_task_routes(bp, OWN_TASKS)


@bp.get("/api/tasks/my_tasks/")
@bp.arguments(ClassicQuerySchema, location="query")
@bp.alt_response(200, schema=TASKS.listed, success=True)
def my_tasks(query: dict[str, Any]) -> Response:
    """List the tasks that are assigned to the caller"""
    return list_answer(query | {"assignee": ["me"]}, ClassicTaskSchema, array)


@bp.post("/register/")
@registration_limit
@bp.arguments(ClassicUserSchema)
@bp.response(201, ClassicUserSchema)
def register(data: dict[str, Any]) -> User:
    """Register"""
    return users.register(data)


@bp.post("/api/token/")
@sign_in_limit
@sign_in_address_limit
@bp.arguments(CredentialsSchema, example={"username": "ada", "password": "a long password"})
@bp.response(200, ClassicTokenSchema)
@bp.alt_response(401, description="Wrong username, e-mail or password")
def obtain_token(credentials: dict[str, str]) -> dict[str, str]:
    """Sign in; send the token as `Authorization: Bearer …` or `Token …`"""
    return _named(auth.sign_in(credentials)[1])


@bp.post("/api/token/refresh/")
@bp.arguments(RefreshSchema)
@bp.response(200, ClassicTokenSchema)
@bp.alt_response(401, description="The token is not good (any more)")
def refresh_token(body: dict[str, str]) -> dict[str, str]:
    """Exchange a refresh token for a new pair; the old one is used up"""
    return _named(auth.refresh(body["refresh"]))


def _named(issued: dict[str, str]) -> dict[str, str]:
    return issued | {"token": issued["access"]}
