"""Composing what is sent: the e-mails about tasks and comments, the payload for the Lambda."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.config import Settings
from app.core.events import EventRecord
from app.tasks.events import TaskCreated, TaskDueSoon, is_breach
from app.tasks.models import Task
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
MAX_TEXT = 500
"""Characters of one text in a mail; a description has up to 20,000 of them."""

_environment = Environment(
    loader=PackageLoader("app.notifications"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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


def task_email(record: EventRecord, people: People, _: Task, settings: Settings) -> EmailMessage:
    """The mail about a change of a task, and about one that is overdue now or due soon."""
    message = _envelope(record, people, _subject(record, people), settings)
    return _filled(message, "task/task_email", _values(record, people, settings))


def mention_email(
    record: EventRecord, people: People, task: Task, settings: Settings
) -> EmailMessage:
    """The mail to somebody whom a comment mentions."""
    subject = f"{people.actor_name} mentioned you: {task.title}"
    values = {
        "actor": people.actor_name,
        "title": task.title,
        "body": _shortened(record.snapshot["body"]),
        "link": _link(task.id, settings),
    }
    message = _envelope(record, people, subject, settings)
    return _filled(message, "comment/mention_email", values)


def _envelope(
    record: EventRecord, people: People, subject: str, settings: Settings
) -> EmailMessage:
    """A mail without its text, with a Message-ID of this delivery's own.

    The same delivery always has the same Message-ID, so that a mail which had to be sent twice can
    be recognised.
    """
    recipient = people.recipient
    message = EmailMessage()
    message["Subject"] = one_line(subject)
    message["From"] = settings.EMAIL_FROM
    message["To"] = Address(one_line(recipient.display_name), addr_spec=recipient.email or "")
    message["Date"] = format_datetime(record.at)
    domain = urlsplit(settings.PUBLIC_URL).hostname
    message["Message-ID"] = f"<delivery-{record.event_id}-{recipient.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if record.request_id:
        message["X-Request-ID"] = record.request_id
    return message


def _filled(message: EmailMessage, template: str, values: Mapping[str, Any]) -> EmailMessage:
    """`message` with its text and its HTML."""
    message.set_content(_environment.get_template(f"{template}.txt").render(values))
    html = _environment.get_template(f"{template}.html").render(values)
    message.add_alternative(html, subtype="html")
    return message


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


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters, fit for a header."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def _subject(record: EventRecord, people: People) -> str:
    title = record.snapshot["title"]
    if is_breach(record):
        return f"Overdue: {title}"
    if record.type == TaskDueSoon.type:
        return f"Due soon: {title}"
    if record.type == TaskCreated.type or _was_assigned(record):
        return f"{people.actor_name} assigned you: {title}"
    return f"Task updated: {title}"


def _was_assigned(record: EventRecord) -> bool:
    return "assignee" in record.changes


def _values(record: EventRecord, people: People, settings: Settings) -> dict[str, Any]:
    task = record.snapshot
    return {
        "actor": people.actor_name,
        "recipient": people.recipient.display_name,
        "task": task,
        "description": _shortened(task["description"]),
        **{
            name: _readable(name, task[name], people) for name in ("status", "priority", "due_date")
        },
        "tie": "is assigned to you" if task["assignee"] == people.recipient.id else "you reported",
        "is_breach": is_breach(record),
        "is_due_soon": record.type == TaskDueSoon.type,
        "is_new": record.type == TaskCreated.type,
        "was_assigned": _was_assigned(record),
        "changes": [
            ChangedField(label, *(_readable(name, value, people) for value in record.changes[name]))
            for name, label in LABELS.items()
            if name in record.changes
        ],
        "link": _link(task["id"], settings),
    }


def _link(task_id: int, settings: Settings) -> str:
    return f"{settings.PUBLIC_URL}/#tasks/{task_id}"


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
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rstrip() + " …"
