"""What a test of one dialect needs to speak it."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.conftest import make_project  # noqa: F401 - a fixture


@dataclass(frozen=True)
class Speech:
    """A dialect: where its tasks are and how each thing is called."""

    create: str
    show: str | None
    update: tuple[str, str]
    delete: str
    names: dict[str, str]
    statuses: dict[str, str]
    error: str = "errors"

    def body(self, **fields: Any) -> dict[str, Any]:
        return {self.names.get(name, name): value for name, value in fields.items()}


LOWER = {
    "BACKLOG": "pending", "TODO": "pending", "IN_PROGRESS": "in_progress",
    "REVIEW": "in_progress", "DONE": "completed", "CANCELLED": "cancelled",
    "ARCHIVED": "cancelled",
}  # fmt: skip
UPPER = {
    "BACKLOG": "PENDING", "TODO": "PENDING", "IN_PROGRESS": "IN_PROGRESS",
    "REVIEW": "IN_PROGRESS", "DONE": "COMPLETED", "CANCELLED": "ARCHIVED",
    "ARCHIVED": "ARCHIVED",
}  # fmt: skip
SPEECHES = {
    "tasks": Speech(
        "/tasks/", "/tasks/{}/", ("PUT", "/tasks/{}/"), "/tasks/{}/",
        {"assignee": "assigned_to", "reporter": "assigned_by"}, LOWER,
    ),
    "api/tasks": Speech(
        "/api/tasks/", "/api/tasks/{}/", ("PUT", "/api/tasks/{}/"), "/api/tasks/{}/",
        {"title": "task_name", "description": "task_description", "status": "task_status",
         "assignee": "assigned_to", "reporter": "assigned_by"}, LOWER,
    ),
    "create-task": Speech(
        "/tasks/create-task", None, ("PUT", "/tasks/update-task/{}"), "/tasks/delete/{}",
        {"title": "task_name", "assignee": "assigned_user", "reporter": "created_by"},
        {status: status for status in LOWER},
    ),
    "api/task": Speech(
        "/api/task/", "/api/task/{}/", ("PUT", "/api/task/{}/"), "/api/task/{}/",
        {"assignee": "assigned_to", "reporter": "created_by"}, UPPER,
    ),
}  # fmt: skip


@pytest.fixture(params=SPEECHES, ids=str)
def speech(request: pytest.FixtureRequest) -> Speech:
    """Every dialect in turn."""
    return SPEECHES[request.param]


@pytest.fixture
def unlimited(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that no test comes near."""
    generous = {"RATE_LIMIT_REQUESTS": 100_000, "FLASK_API_RATE": "100000/hour"}
    settings = app.config["SETTINGS"].model_copy(update=generous)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
