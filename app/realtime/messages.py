"""What a client is sent about an event: the one builder for every kind of socket."""

from collections.abc import Mapping
from typing import Any

from app.boards.events import BoardEvent
from app.comments.events import CommentEvent
from app.core.events import EventRecord, StreamName
from app.notifications.events import NotificationRead
from app.notifications.schemas import NotificationSchema
from app.projects.events import MemberEvent, ProjectEvent
from app.tasks.events import TaskCreated, TaskEvent, TaskRestored, after

Message = dict[str, Any]

# What a client is told of a task, by the name under which the snapshot holds it.
_CONTENT = {
    "title": "title",
    "description": "description",
    "priority": "priority",
    "status": "status",
    "project": "project",
    "board": "board",
    "position": "position",
    "due_date": "due_date",
    "due_date_only": "due_date_only",
    "estimated_hours": "estimated_hours",
    "sla_breached": "sla_breached",
    "completed_at": "completed_at",
    "assigned_to": "assignee",
    "created_by": "reporter",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "version": "version",
}


_TOLD = frozenset(
    kind.entity for kind in (BoardEvent, CommentEvent, MemberEvent, NotificationRead, ProjectEvent)
)
"""What else is told of with its content, as the API prints it."""

_notification_schema = NotificationSchema()


def build_message(
    record: EventRecord,
    stream: StreamName,
    seq: int,
    *,
    content: bool,
    comments: Mapping[str, int],
) -> tuple[str, Message]:
    """The name and the message of an event at its place in `stream`.

    A message is flat: the id as `<entity>_id`, what the entity is now, `action`, `stream`, `seq`,
    `event_id`. Without `content` it is a removal, which names the entity and tells nothing of it.
    Of accounts and saved filters only the id is told in any case.
    `comments` are the numbers of comments of its task, as far as they may be told.
    """
    action = record.type.partition(".")[2]
    place = {"stream": str(stream), "seq": seq, "event_id": str(record.event_id)}
    if record.entity == TaskEvent.entity:
        return _task_message(record, place, content=content, comments=comments)
    fields: Message = {f"{record.entity}_id": record.entity_id}
    if record.entity == CommentEvent.entity:
        fields |= {"task_id": record.task_id, **comments}
        action = action if content else "deleted"
    if record.entity in _TOLD and content and action != "deleted":
        fields |= {name: value for name, value in record.snapshot.items() if name != "id"}
    return f"{record.entity}.{action}", {**fields, "action": action, **place}


def notification_message(
    stream: StreamName, notification: Mapping[str, Any], unread: int
) -> tuple[str, Message]:
    """The name and the message that tell somebody of a new notification (a NotificationSchema).

    It is no event of its own, so it has no place in the stream, which says whose it is.
    """
    shown = _notification_schema.dump(notification)
    told = {"notification": shown, "unread": unread}
    return "notification.created", {**told, "action": "created", "stream": str(stream)}


def _task_message(
    record: EventRecord, place: Message, *, content: bool, comments: Mapping[str, int]
) -> tuple[str, Message]:
    task = after(record)
    if task is None or not content:
        return "task.deleted", {"task_id": record.task_id, "action": "deleted", **place}
    # To whoever watches, a task that comes back is a task that was not there before.
    is_new = record.type in (TaskCreated.type, TaskRestored.type)
    action = "created" if is_new else "updated"
    # Events of before there were projects do not name one.
    fields = {name: task.get(key) for name, key in _CONTENT.items()} | dict(comments)
    return f"task.{action}", {"task_id": record.task_id, **fields, "action": action, **place}
