"""The management system: `/api/users/`, `/api/task/`, `/api/task-report-insight/`.

Its sign-in is the classic one, `/api/token/`; its live updates are `/ws/tasks/`.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app.boards.lifecycle import Status
from app.core.api import Blueprint
from app.core.fields import CommaList, Id, Text
from app.core.limits import management_limit, password_limit, registration_limit
from app.dialects.shared import (
    PRIORITIES,
    PRIORITY_WORDS,
    AnyOf,
    Day,
    DueFilters,
    Ordering,
    Somebody,
    State,
    TaskBody,
    Word,
    Words,
    detailed,
)
from app.dialects.task_routes import TaskRoutes, add_task_routes, paged
from app.extensions import db
from app.projects import commands, directory
from app.reports import queries as reports
from app.reports.schemas import InsightSchema
from app.tasks.filters import Person
from app.tasks.models import Priority
from app.tasks.query_schema import PageQuerySchema
from app.users import commands as users
from app.users.actor import current_actor
from app.users.models import User
from app.users.schemas import email_field, password_field, username_field

STATUS = Words(
    {
        "PENDING": [Status.TODO, Status.BACKLOG],
        "IN_PROGRESS": [Status.IN_PROGRESS, Status.REVIEW],
        "COMPLETED": [Status.DONE],
        "ARCHIVED": [Status.ARCHIVED, Status.CANCELLED],
    }
)
PRIORITY = Words(
    {
        "LOW": [Priority.LOW],
        "MEDIUM": [Priority.MEDIUM],
        "HIGH": [Priority.HIGH],
        "URGENT": [Priority.CRITICAL],
    },
    also=PRIORITIES | PRIORITY_WORDS,
)


class ManagedTaskSchema(TaskBody):
    """A task of the management system."""

    id = Id()
    title = Text(min_length=1, max_length=500)
    description = Text(max_length=20_000, multiline=True)
    priority = Word(PRIORITY, load_default=Priority.LOW)
    status = State(STATUS, load_default=Status.TODO)
    due_date = Day(allow_none=True)
    created_by = Somebody(attribute="reporter")
    assigned_to = Somebody(attribute="assignee", allow_none=True)
    created_at = fields.String(dump_only=True)
    updated_at = fields.String(dump_only=True)


class ManagedQuerySchema(DueFilters, PageQuerySchema):
    """Filters of the list."""

    priority = AnyOf(PRIORITY)
    status = AnyOf(STATUS)
    assigned_to = CommaList(Person(), attribute="assignee")
    created_by = CommaList(Person(), attribute="reporter")
    search = Text(min_length=1, max_length=200)
    ordering = Ordering(ManagedTaskSchema)


class ManagedUserSchema(Schema):
    """An account; of somebody else only administrators see the e-mail."""

    id = fields.Integer(dump_only=True)
    username = username_field(required=True)
    email = email_field(required=True, allow_none=True)
    password = password_field(required=True)
    first_name = Text(max_length=150)
    last_name = Text(max_length=150)


class ManagedUserPatchSchema(ManagedUserSchema):
    """What is changed of an account; what is left out stays."""

    username = username_field()
    email = email_field(allow_none=True)
    password = password_field()


class ManagedInsightSchema(InsightSchema):
    """Numbers over the tasks that the caller may see."""

    class Meta:
        """What the canonical report has and this one has not."""

        exclude = ("overdue", "sla_breached", "completion_rate", "over_time")


bp = Blueprint(
    "management_system",
    __name__,
    description="Dialect of /api/v1: /api/task/ with PENDING … ARCHIVED and URGENT, accounts, "
    "report insight",
    error_format=detailed(ManagedTaskSchema, "ManagementSystemError"),
)
management_limit(bp)

TASKS = TaskRoutes(
    "tasks", "/api/task/", ManagedTaskSchema, ManagedQuerySchema, paged, deleted=({}, 200),
    example={"title": "Write the report", "description": "For Monday", "priority": "HIGH",
             "status": "IN_PROGRESS", "due_date": "2027-03-31", "assigned_to": 1},
)  # fmt: skip
add_task_routes(bp, TASKS)


@bp.get("/api/task-report-insight/")
@bp.response(200, ManagedInsightSchema)
def show_insight() -> Mapping[str, Any]:
    """Count the tasks that the caller may see, by status, priority and person"""
    found = reports.current_insight(current_actor())
    renamed = {"tasks_by_status": STATUS, "tasks_by_priority": PRIORITY}
    return found | {name: words.total(found[name]) for name, words in renamed.items()}


@bp.post("/api/users/")
@registration_limit
@bp.arguments(ManagedUserSchema)
@bp.response(201, ManagedUserSchema)
def register(data: dict[str, Any]) -> User:
    """Register"""
    return users.register(data)


@bp.get("/api/users/<id:user_id>/")
@bp.response(200, ManagedUserSchema)
def show_user(user_id: int) -> dict[str, Any]:
    """Show an account, or the name of somebody one shares a project with"""
    actor = current_actor()
    return directory.as_seen(directory.find_person(db.session(), user_id, actor), actor)


@bp.put("/api/users/<id:user_id>/")
@password_limit
@bp.arguments(ManagedUserSchema)
@bp.response(200, ManagedUserSchema)
def replace_user(data: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Change an account; another password ends all its sessions"""
    return commands.change_account(user_id, data)


@bp.patch("/api/users/<id:user_id>/")
@password_limit
@bp.arguments(ManagedUserPatchSchema)
@bp.response(200, ManagedUserSchema)
def change_user(data: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Change some fields of an account; another password ends all its sessions"""
    return commands.change_account(user_id, data)


@bp.delete("/api/users/<id:user_id>/")
@bp.alt_response(200, description="It is closed", success=True)
def close_account(user_id: int) -> tuple[dict[str, Any], int]:
    """Close an account; what it did stays"""
    commands.close_account(user_id)
    return {}, 200
