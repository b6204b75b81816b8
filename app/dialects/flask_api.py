"""The Flask API: `/users/…`, `/tasks/task/<date>`, `/tasks/create-task` and its kin."""

from typing import Any

from flask import Response, current_app, jsonify
from marshmallow import Schema, ValidationError, fields, post_load, validate

from app.auth import commands as auth
from app.auth.limits import sign_in_limit
from app.boards.lifecycle import Status
from app.core.api import Blueprint
from app.core.errors import NotFound
from app.core.fields import CommaList, Id, Text, Timestamp
from app.core.limits import (
    flask_api_limit,
    flask_api_strict_limit,
    registration_limit,
    sign_in_address_limit,
)
from app.core.requests import accepts_file
from app.dialects.shared import (
    PRIORITIES,
    PRIORITY_WORDS,
    AnyOf,
    ArrayQuery,
    Created,
    DueFilters,
    Moment,
    Ordering,
    Somebody,
    State,
    TaskBody,
    Word,
    Words,
    error_format,
    patching,
)
from app.dialects.task_routes import array, list_answer, task_answer
from app.exchange import commands as imports
from app.exchange import queries as find_imports
from app.exchange.models import Mode, TaskImport
from app.exchange.schemas import ImportInputSchema, ImportSchema
from app.extensions import db
from app.health.schemas import MessageSchema
from app.task_logs.queries import read_logs
from app.task_logs.schemas import TaskLogQuerySchema
from app.tasks import commands as tasks
from app.tasks.by_date import read_day, tasks_of_day
from app.tasks.filters import Person
from app.tasks.models import Priority
from app.users import commands as users
from app.users.actor import current_actor
from app.users.models import Role, User
from app.users.queries import find_user
from app.users.schemas import email_field, password_field, username_field

STATUS = Words(
    {each.value: [each] for each in Status},
    also={"PENDING": [Status.TODO, Status.BACKLOG], "COMPLETED": [Status.DONE]},
)
PRIORITY = Words(PRIORITIES, also=PRIORITY_WORDS)
ROLE = Words(
    {"admin": [Role.ADMIN], "manager": [Role.MANAGER], "user": [Role.MEMBER]},
    also={"member": [Role.MEMBER]},
)


class IsActive(fields.Boolean):
    """Whether a task is not deleted; deleting is a request of its own."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> bool:
        return value is None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not super()._deserialize(value, attr, data, **kwargs):
            raise ValidationError("is set by DELETE /tasks/delete/<id>")
        return True


class FlaskTaskSchema(TaskBody):
    """A task of the Flask API."""

    id = Id()
    task_name = Text(min_length=1, max_length=500, attribute="title")
    description = Text(max_length=20_000, multiline=True)
    status = State(STATUS, load_default=Status.TODO)
    priority = Word(PRIORITY, load_default=Priority.LOW)
    due_date = Moment(allow_none=True)
    assigned_user = Somebody(attribute="assignee", allow_none=True)
    created_by = Somebody(attribute="reporter")
    is_active = IsActive(attribute="deleted_at")
    created_at = Created()

    @post_load
    def _leave_deletion_alone(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name != "deleted_at"}


class FlaskTaskChangeSchema(patching(FlaskTaskSchema)):  # type: ignore[misc]  # made at run time
    """What is changed of a task; what is left out stays."""

    created_at = fields.String(dump_only=True)


class FlaskQuerySchema(DueFilters, ArrayQuery):
    """Filters of the task records."""

    status = AnyOf(STATUS)
    priority = AnyOf(PRIORITY)
    assigned_user = CommaList(Person(), attribute="assignee")
    search = Text(min_length=1, max_length=200)
    ordering = Ordering(FlaskTaskSchema)


class FlaskUploadSchema(ImportInputSchema):
    """A CSV file; without a mode all of its rows are imported, or none."""

    mode = fields.Enum(Mode, by_value=True, load_default=Mode.ALL)


class FlaskLogSchema(Schema):
    """A task as it was on one day."""

    log_date = fields.Date(attribute="day")
    task_id = fields.Integer()
    task_name = fields.String(attribute="title")
    status = Word(STATUS)
    priority = Word(PRIORITY)
    assigned_user = fields.Integer(attribute="assignee_id", allow_none=True)
    created_at = Timestamp()


class FlaskLogQuerySchema(TaskLogQuerySchema):
    """Which part of the log: at most 1000 rows."""

    task_id = Id(attribute="task")
    page_size = fields.Integer(load_default=1000, validate=validate.Range(1, 1000))

    class Meta:
        """What is called otherwise here, or is not there."""

        exclude = ("task", "cursor")


class FlaskUserSchema(Schema):
    """An account."""

    id = fields.Integer(dump_only=True)
    username = username_field(required=True)
    password = password_field(required=True)
    role = Word(ROLE)
    email = email_field(allow_none=True)
    is_active = fields.Boolean(dump_only=True)


class RegisteredSchema(FlaskUserSchema):
    """A new account."""

    email = fields.Email(dump_only=True, allow_none=True)
    message = fields.Constant("User registered successfully", dump_only=True)


class LoginSchema(Schema):
    """A name and a password."""

    username = fields.String(required=True)
    password = fields.String(required=True, load_only=True)


class LoggedInSchema(Schema):
    """The tokens; send the first as `Authorization: Bearer …`."""

    access_token = fields.String()
    refresh_token = fields.String()


class DeletedSchema(Schema):
    """What was done, in words."""

    message = fields.String()


def _as_sentence(document: dict[str, Any]) -> dict[str, str]:
    errors = document["errors"].items()
    named = "; ".join(f"{name}: {', '.join(why)}" for name, why in errors)
    return {"error": named or document["detail"]}


bp = Blueprint(
    "flask_api",
    __name__,
    description="Dialect of /api/v1: /users/… and /tasks/create-task with task_name and "
    "assigned_user, tasks by date",
    error_format=error_format(
        "FlaskApiError", FlaskTaskSchema, {"error": {"type": "string"}}, _as_sentence
    ),
)
flask_api_limit(bp)

EXAMPLE = {"task_name": "Write the report", "priority": "LOW", "assigned_user": 1}


@bp.post("/users/register")
@registration_limit
@bp.arguments(FlaskUserSchema)
@bp.response(201, RegisteredSchema)
def register(data: dict[str, Any]) -> User:
    """Register; the first who asks for the role admin gets it while there is none"""
    return users.register(data)


@bp.post("/users/login")
@sign_in_limit
@sign_in_address_limit
@bp.arguments(LoginSchema)
@bp.response(200, LoggedInSchema)
@bp.alt_response(401, description="Wrong username or password")
def login(credentials: dict[str, str]) -> dict[str, str]:
    """Sign in"""
    _, issued = auth.sign_in(credentials)
    return {"access_token": issued["access"], "refresh_token": issued["refresh"]}


@bp.get("/users/profile")
@bp.response(200, FlaskUserSchema)
def profile() -> Any:
    """Show the caller's own account"""
    return find_user(db.session(), current_actor().id)


@bp.get("/tasks/task/<day>")
@flask_api_limit
@flask_api_strict_limit
@bp.alt_response(200, schema=FlaskTaskSchema(many=True), success=True)
@bp.alt_response(400, description="Not a date")
@bp.alt_response(404, description="No tasks were created on that day")
def tasks_by_date(day: str) -> Response:
    """List the tasks created on a day, YYYY-MM-DD"""
    found = current_app.json.loads(tasks_of_day(read_day(day), current_actor()))
    if not found:
        raise NotFound(f"No tasks found for {day}.")
    return jsonify(FlaskTaskSchema(many=True).dump(found))


@bp.post("/tasks/create-task")
@bp.arguments(FlaskTaskSchema, example=EXAMPLE)
@bp.alt_response(201, schema=FlaskTaskSchema, success=True)
def create_task(data: dict[str, Any]) -> Response:
    """Create a task; `created_at` may lie in the past"""
    return task_answer(tasks.create(data), FlaskTaskSchema, 201)


@bp.put("/tasks/update-task/<id:task_id>")
@bp.arguments(FlaskTaskChangeSchema, example=EXAMPLE)
@bp.alt_response(200, schema=FlaskTaskSchema, success=True)
def update_task(data: dict[str, Any], task_id: int) -> Response:
    """Change a task; what is left out stays"""
    return task_answer(tasks.change(task_id, data), FlaskTaskSchema)


@bp.delete("/tasks/delete/<id:task_id>")
@bp.response(200, DeletedSchema)
def delete_task(task_id: int) -> dict[str, str]:
    """Delete a task: it becomes inactive, the row stays"""
    tasks.delete(task_id)
    return {"message": "Task deleted"}


@bp.post("/tasks/upload-csv")
@accepts_file(lambda settings: settings.MAX_IMPORT_BYTES)
@bp.arguments(FlaskUploadSchema, location="files")
@bp.response(202, ImportSchema)
@bp.alt_response(413, description="The file is larger than MAX_IMPORT_BYTES")
def upload_csv(data: dict[str, Any]) -> TaskImport:
    """Import a CSV file of tasks; `GET /tasks/upload-csv/<id>` tells how far it is"""
    return imports.hand_in(data)


@bp.get("/tasks/upload-csv/<id:import_id>")
@bp.response(200, ImportSchema)
def show_upload(import_id: int) -> TaskImport:
    """Show how far an import is"""
    return find_imports.get_import(db.session(), import_id, current_actor())


@bp.get("/tasks/task-records")
@bp.arguments(FlaskQuerySchema, location="query")
@bp.alt_response(200, schema=FlaskTaskSchema(many=True), success=True)
def task_records(query: dict[str, Any]) -> Response:
    """List the tasks that the caller may see"""
    return list_answer(query, FlaskTaskSchema, array)


@bp.get("/tasks/task-log")
@bp.arguments(FlaskLogQuerySchema, location="query")
@bp.response(200, FlaskLogSchema(many=True))
def task_log(query: dict[str, Any]) -> Any:
    """List what active tasks looked like on a day, or one task on all days"""
    return read_logs(db.session(), query, None, current_actor()).rows


@bp.get("/api/check-limiter")
@flask_api_limit
@flask_api_strict_limit
@bp.response(200, MessageSchema)
@bp.alt_response(429, description="More than five calls within a minute")
def check_limiter() -> dict[str, str]:
    """Try the rate limiter: the sixth call within a minute answers 429"""
    return {"status": "success", "message": "Rate limiter is working"}
