"""What one request does to a task: a unit of work around the service, on behalf of the caller.

The canonical API and its dialects share these, so no dialect opens a transaction.
"""

from collections.abc import Mapping
from typing import Any

from app.core.db import unit_of_work
from app.core.etag import expected_version
from app.tasks import service
from app.tasks.models import Task
from app.users.actor import current_actor


def create(data: Mapping[str, Any]) -> Task:
    """Create a task; `data` and what is raised as for `service.create_task`."""
    with unit_of_work() as session:
        return service.create_task(session, data, actor=current_actor())


def change(task_id: int, data: Mapping[str, Any]) -> Task:
    """Change a task of the version in If-Match; otherwise as `service.update_task`."""
    actor, version = current_actor(), expected_version()
    with unit_of_work() as session:
        return service.update_task(session, task_id, data, actor=actor, version=version)


def delete(task_id: int) -> None:
    """Delete a task of the version in If-Match; otherwise as `service.delete_task`."""
    actor, version = current_actor(), expected_version()
    with unit_of_work() as session:
        service.delete_task(session, task_id, actor=actor, version=version)
