"""Answers that are JSON text already, or a task with its ETag."""

from flask import Response, current_app

from app.core.etag import with_etag
from app.tasks.models import Task
from app.tasks.recording import as_json


def json_response(text: str, status: int = 200) -> Response:
    """`text` as a JSON answer, which ends its line as Flask's own do."""
    return Response(f"{text}\n", status, mimetype="application/json")


def task_response(task: Task, status: int = 200) -> Response:
    """`task`; its version is the ETag, with that of its comments, which are told as well."""
    response = json_response(current_app.json.dumps(as_json(task)), status)
    return with_etag(response, task.version, task.comments_version)
