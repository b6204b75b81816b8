"""What can happen to a comment; those who see its task hear of it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.comments.models import Comment
from app.comments.schemas import CommentSchema
from app.core.events import Changes, Event, EventRecord
from app.tasks.events import streams_of
from app.tasks.models import Task
from app.tasks.schemas import TaskSchema

_schema = CommentSchema()
_task_schema = TaskSchema(only=("project", "reporter", "assignee"))


class CommentEvent(Event):
    """A change of one comment; `snapshot` is the comment as the API prints it."""

    entity: ClassVar[str] = "comment"


class CommentCreated(CommentEvent):
    """Somebody commented on a task."""

    type: ClassVar[str] = "comment.created"


class CommentUpdated(CommentEvent):
    """The text of a comment changed."""

    type: ClassVar[str] = "comment.updated"


class CommentDeleted(CommentEvent):
    """A comment was deleted; neither `snapshot` nor `changes` repeats what it said.

    The events of before still do: the audit log keeps what was there.
    """

    type: ClassVar[str] = "comment.deleted"


def about_comment(
    comment: Comment,
    kind: type[CommentEvent],
    task: Task,
    *,
    actor_id: int,
    changes: Changes | None = None,
) -> CommentEvent:
    """An event of `kind` about `comment`, which belongs to `task`."""
    return kind(
        entity_id=comment.id,
        task_id=task.id,
        project_id=task.project_id,
        actor_id=actor_id,
        streams=streams_of(_task_schema.dump(task)),
        changes=changes or {},
        snapshot=comment_json(comment),
    )


def comment_json(comment: Comment) -> Mapping[str, Any]:
    """`comment` as the API prints it."""
    dumped: dict[str, Any] = _schema.dump(comment)
    return dumped


def newly_mentioned(record: EventRecord) -> list[int]:
    """Who is mentioned since this event and was not before, apart from who did it."""
    mentions = record.snapshot["mentions"]
    first = [] if record.type == CommentCreated.type else mentions
    known, _ = record.changes.get("mentions", (first, mentions))
    return [user for user in mentions if user not in known and user != record.actor_id]
