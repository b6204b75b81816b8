"""What a client is sent about an event: the one builder for every kind of socket."""

from typing import Any, NamedTuple

from app.core.events import EventRecord, StreamName
from app.tasks.events import TaskCreated, TaskDeleted, TaskRestored, TaskUpdated, after, streams_of

ACTIONS = {
    TaskCreated.type: "created",
    TaskRestored.type: "created",
    TaskUpdated.type: "updated",
    TaskDeleted.type: "deleted",
}
"""Event type → what a client is told; events of other types are not sent."""


class Message(NamedTuple):
    """The name of a socket event and its payload."""

    name: str
    payload: dict[str, Any]


def message_for(record: EventRecord, stream: StreamName, seq: int) -> Message:
    """The message about `record` for the readers of `stream`.

    Those who may no longer see the task afterwards are told that it is gone, and nothing else.
    """
    task = after(record)
    visible = task is not None and stream in streams_of(task)
    return _message(record, stream, seq, task if visible else None)


def message_for_admins(record: EventRecord, stream: StreamName, seq: int) -> Message:
    """The same for administrators, who see everything; `stream` is the first that it entered."""
    return _message(record, stream, seq, after(record))


def _message(
    record: EventRecord, stream: StreamName, seq: int, task: dict[str, Any] | None
) -> Message:
    action = ACTIONS[record.type] if task is not None else "deleted"
    envelope = {
        "action": action,
        "stream": str(stream),
        "seq": seq,
        "event_id": str(record.event_id),
        "task_id": record.task_id,
    }
    return Message(f"task.{action}", envelope | (_flat(task) if task is not None else {}))


def _flat(task: dict[str, Any]) -> dict[str, Any]:
    fields = ("title", "description", "priority", "status", "due_date", "created_at", "updated_at")
    same = {name: task[name] for name in fields}
    return same | {
        "assigned_to": task["assignee"],
        "created_by": task["reporter"],
        "version": task["version"],
    }
