"""What the Lambda is told of a task that was completed."""

from typing import Any

from app.core.events import EventRecord
from app.users.models import User


def completion_payload(record: EventRecord, assignee: User | None) -> dict[str, Any]:
    """What the Lambda is told: the fields of both documents that describe one."""
    task = record.snapshot
    name = assignee.username if assignee else "Unassigned"
    return {
        "task_id": task["id"],
        "task_title": task["title"],
        "assigned_to": name,
        "Taskname": task["title"],
        "CompletedAt": task["completed_at"],
        "AssignedTo": name,
        "AssignedToEmail": assignee.email if assignee else None,
    }
