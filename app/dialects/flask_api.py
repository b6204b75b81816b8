"""The Flask API: `/users/…`, `/tasks/task/<date>`, `/tasks/create-task` and its kin."""

from typing import Any

from flask import Response, current_app, jsonify

from app.auth import commands as auth
from app.auth.limits import sign_in_limit
from app.core.api import Blueprint
from app.core.errors import NotFound
from app.core.limits import (
    flask_api_limit,
    flask_api_strict_limit,
    registration_limit,
    sign_in_address_limit,
)
from app.core.requests import accepts_file
from app.dialects.flask_api_schemas import (
    DeletedSchema,
    FlaskLogQuerySchema,
    FlaskLogSchema,
    FlaskQuerySchema,
    FlaskTaskChangeSchema,
    FlaskTaskSchema,
    FlaskUploadSchema,
    FlaskUserSchema,
    LoggedInSchema,
    LoginSchema,
    RegisteredSchema,
)
from app.dialects.shared import (
    error_format,
)
from app.dialects.task_routes import array, list_answer, task_answer
from app.exchange import commands as imports
from app.exchange import queries as find_imports
from app.exchange.models import TaskImport
from app.exchange.schemas import ImportSchema
from app.extensions import db
from app.health.schemas import MessageSchema
from app.task_logs.queries import read_logs
from app.tasks import commands as tasks
from app.tasks.by_date import read_day, tasks_of_day
from app.users import commands as users
from app.users.actor import current_actor
from app.users.models import User
from app.users.queries import find_user


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
