"""The mail about a change of a task."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.config import Settings
from app.core.events import EventRecord
from app.notifications.mail import Content, link_to_task, shortened
from app.tasks.events import TaskCreated, TaskSlaBreached, became_breached
from app.users.models import User

LABELS = {
    "title": "Title",
    "description": "Description",
    "status": "Status",
    "priority": "Priority",
    "assignee": "Assigned to",
    "due_date": "Due",
    "estimated_hours": "Estimated hours",
}
"""The fields whose change is worth a mail, by what they are called in it."""


@dataclass(frozen=True)
class People:
    """Who takes part in a change: the one who is told, the one who did it, and all their names."""

    recipient: User
    actor_name: str
    names: dict[int, str]


@dataclass(frozen=True)
class ChangedField:
    """One line of what changed, as a person reads it."""

    label: str
    before: str
    after: str


def task_content(record: EventRecord, people: People, settings: Settings) -> Content:
    """What the mail about a change of a task says."""
    task = record.snapshot
    values: dict[str, Any] = {
        "actor": people.actor_name,
        "recipient": people.recipient.display_name,
        "task": task,
        "description": shortened(task["description"]),
        **{
            name: _readable(name, task[name], people) for name in ("status", "priority", "due_date")
        },
        "headline": _headline(record, people),
        "is_overdue": became_breached(record),
        "changes": [
            ChangedField(label, *(_readable(name, value, people) for value in record.changes[name]))
            for name, label in LABELS.items()
            if name in record.changes
        ],
        "link": link_to_task(task["id"], settings),
    }
    return Content(_subject(record, people), "task/task_email", values)


def _subject(record: EventRecord, people: People) -> str:
    title = record.snapshot["title"]
    if _is_given(record, people):
        return f"{people.actor_name} assigned you: {title}"
    return f"Overdue: {title}" if became_breached(record) else f"Task updated: {title}"


def _headline(record: EventRecord, people: People) -> str:
    """The first sentence, without its subject: who did it."""
    if record.type == TaskSlaBreached.type:
        return ""
    if _is_given(record, people):
        return "assigned you a task."
    mine = people.recipient.id == record.snapshot["assignee"]
    return f"changed a task that {'is assigned to you' if mine else 'you reported'}."


def _is_given(record: EventRecord, people: People) -> bool:
    """Whether the recipient has the task because of this event."""
    if people.recipient.id != record.snapshot["assignee"]:
        return False
    return record.type == TaskCreated.type or "assignee" in record.changes


def _readable(name: str, value: Any, people: People) -> str:
    if value is None or value == "":
        return "none"
    if name == "due_date":
        local = datetime.fromisoformat(value).astimezone(ZoneInfo(people.recipient.timezone))
        return f"{local:%a %d %b %Y, %H:%M} ({people.recipient.timezone})"
    if name == "assignee":
        return people.names.get(value, f"user {value}")
    if name in ("status", "priority"):
        return str(value).replace("_", " ").capitalize()
    return shortened(str(value))
