"""What can happen to a task, and whose streams hear of it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.boards.lifecycle import Status
from app.core.events import Event, EventRecord, StreamName


class TaskEvent(Event):
    """A change of one task; `snapshot` is the task as the API prints it."""

    entity: ClassVar[str] = "task"


class TaskCreated(TaskEvent):
    """A task came into being."""

    type: ClassVar[str] = "task.created"


class TaskUpdated(TaskEvent):
    """At least one field of a task changed."""

    type: ClassVar[str] = "task.updated"


class TaskSlaBreached(TaskEvent):
    """An open task passed its due instant; otherwise as TaskUpdated."""

    type: ClassVar[str] = "task.sla_breached"


class TaskDueSoon(TaskEvent):
    """The assignee of an open task is to be reminded that it is due within a day.

    It changes nothing of the task: it has no version, enters no stream and is no part of the
    task's history. The audit log holds it, and a mail follows from it.
    """

    type: ClassVar[str] = "task.due_soon"


class TaskDeleted(TaskEvent):
    """A task was deleted; its row stays."""

    type: ClassVar[str] = "task.deleted"


class TaskRestored(TaskEvent):
    """A deleted task came back."""

    type: ClassVar[str] = "task.restored"


def streams_of(task: Mapping[str, Any]) -> frozenset[StreamName]:
    """The streams of those who see `task` (as the API prints it).

    These are the members of its project; outside any project its reporter and its assignee.
    """
    # Events of before there were projects do not name one.
    if (project := task.get("project")) is not None:
        return frozenset({StreamName.of_project(project)})
    people = {task["reporter"], task["assignee"]} - {None}
    return frozenset(StreamName.of_user(person) for person in people)


def before(record: EventRecord) -> dict[str, Any] | None:
    """The task as it was before the event; None where it was not there (any more)."""
    if record.type in (TaskCreated.type, TaskRestored.type):
        return None
    return record.snapshot | {name: old for name, (old, _) in record.changes.items()}


def after(record: EventRecord) -> dict[str, Any] | None:
    """The task as it is after the event; None where it is gone."""
    return None if record.type == TaskDeleted.type else record.snapshot


def is_completion(record: EventRecord) -> bool:
    """Whether the event took the task into DONE."""
    if record.type == TaskCreated.type:
        return bool(record.snapshot["status"] == Status.DONE)
    old, new = record.changes.get("status", (None, None))
    return record.type == TaskUpdated.type and new == Status.DONE != old


def is_breach(record: EventRecord) -> bool:
    """Whether the event made the task overdue, by a change or by the passing of time."""
    return record.changes.get("sla_breached") == [False, True]
