"""What can happen to a comment; whoever sees the task hears of it."""

from typing import Any, ClassVar

from app.comments.models import Comment
from app.comments.schemas import CommentSchema
from app.core.events import Changes, Event
from app.tasks.events import streams_of
from app.tasks.models import Task
from app.tasks.recording import as_json


class CommentEvent(Event):
    """A change of one comment; `snapshot` is the comment as the API prints it."""

    entity: ClassVar[str] = "comment"


class CommentCreated(CommentEvent):
    """Somebody commented on a task."""

    type: ClassVar[str] = "comment.created"


class CommentUpdated(CommentEvent):
    """The author changed the text."""

    type: ClassVar[str] = "comment.updated"


class CommentDeleted(CommentEvent):
    """The text is gone, the place stays; `changes` keeps what was said, for the audit log."""

    type: ClassVar[str] = "comment.deleted"


def about_comment(
    comment: Comment,
    task: Task,
    kind: type[CommentEvent],
    *,
    actor_id: int,
    changes: Changes | None = None,
) -> CommentEvent:
    """An event of `kind` about `comment` on `task`."""
    return kind(
        entity_id=comment.id,
        task_id=task.id,
        project_id=task.project_id,
        actor_id=actor_id,
        streams=streams_of(as_json(task)),
        changes=changes or {},
        snapshot=comment_json(comment),
    )


def comment_json(comment: Comment) -> dict[str, Any]:
    """`comment` as the API prints it."""
    dumped: dict[str, Any] = CommentSchema().dump(comment)
    return dumped
