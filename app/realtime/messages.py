"""What a client is sent about an event: the one builder for every kind of socket."""

from typing import Any

from app.core.events import EventRecord, StreamName
from app.tasks.events import (
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    TaskRestored,
    TaskSlaBreached,
    TaskUpdated,
    after,
)

Message = dict[str, Any]

_ACTIONS = {
    TaskCreated.type: "created",
    TaskUpdated.type: "updated",
    TaskSlaBreached.type: "updated",
    TaskDeleted.type: "deleted",
    # To whoever watches, a task that comes back is a task that was not there before.
    TaskRestored.type: "created",
}

# What a client is told of a task, by the name under which the snapshot holds it.
_CONTENT = {
    "title": "title",
    "description": "description",
    "priority": "priority",
    "status": "status",
    "due_date": "due_date",
    "assigned_to": "assignee",
    "created_by": "reporter",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "version": "version",
}


def build_message(
    record: EventRecord, stream: StreamName, seq: int, *, content: bool = True
) -> tuple[str, Message]:
    """The name and the message of an event at its place in `stream`.

    A task's message is flat: `task_id`, the fields of the task, `action` (created, updated or
    deleted), `stream`, `seq`, `event_id`. Without `content`, and for a deletion, it is a removal:
    `task.deleted` without the task's fields. Other entities are only named, by `<entity>_id`.
    """
    place = {"stream": str(stream), "seq": seq, "event_id": str(record.event_id)}
    if record.entity != TaskEvent.entity:
        action = record.type.partition(".")[2]
        return record.type, {f"{record.entity}_id": record.entity_id, "action": action, **place}
    task = after(record)
    if task is None or not content:
        return "task.deleted", {"task_id": record.task_id, "action": "deleted", **place}
    action = _ACTIONS[record.type]
    fields = {name: task[key] for name, key in _CONTENT.items()}
    return f"task.{action}", {"task_id": record.task_id, **fields, "action": action, **place}
