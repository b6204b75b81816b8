"""Writing comments. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.comments.events import (
    CommentCreated,
    CommentDeleted,
    CommentEvent,
    CommentUpdated,
    about_comment,
    comment_json,
)
from app.comments.mentions import people_mentioned
from app.comments.models import Comment
from app.comments.queries import get_comment
from app.core import clock, events
from app.core.errors import Conflict, Invalid
from app.projects.permissions import Permission, Tie
from app.tasks.locking import Locked, lock_task
from app.users.actor import Actor


def add_comment(
    session: Session, task_id: int, data: Mapping[str, Any], *, actor: Actor
) -> Comment:
    """Comment on a task; `data` as CommentInputSchema loads it.

    Raises NotFound, Forbidden, Conflict for an archived project, Invalid for a parent that is not a
    comment of the task or was deleted.
    """
    locked = lock_task(session, task_id, actor)
    locked.standing.require(Permission.COMMENT)
    _check_parent(session, data["parent"], task_id)
    comment = Comment(
        task_id=task_id,
        parent_id=data["parent"],
        author_id=actor.id,
        body=data["body"],
        mentions=people_mentioned(session, data["body"], locked.task),
        created_at=clock.now(),
    )
    session.add(comment)
    session.flush()  # The event names the new id.
    events.record(about_comment(comment, locked.task, CommentCreated, actor_id=actor.id))
    return comment


def edit_comment(session: Session, comment_id: int, body: str, *, actor: Actor) -> Comment:
    """Change the text of a comment; the same text is no change.

    Raises NotFound, Forbidden, Conflict for a deleted comment and for an archived project.
    """
    comment, locked = _locked(session, comment_id, Permission.EDIT_COMMENT, actor)
    if comment.deleted_at is not None:
        raise Conflict("The comment was deleted; write a new one.")
    if body != comment.body:
        before = comment_json(comment)
        comment.body, comment.edited_at = body, clock.now()
        comment.mentions = people_mentioned(session, body, locked.task)
        _record(comment, locked, CommentUpdated, before)
    return comment


def delete_comment(session: Session, comment_id: int, *, actor: Actor) -> None:
    """Take the text of a comment away and leave its place; once more changes nothing.

    Raises NotFound, Forbidden, Conflict for an archived project.
    """
    comment, locked = _locked(session, comment_id, Permission.DELETE_COMMENT, actor)
    if comment.deleted_at is None:
        before = comment_json(comment)
        comment.body, comment.mentions, comment.deleted_at = "", [], clock.now()
        _record(comment, locked, CommentDeleted, before)


def _locked(
    session: Session, comment_id: int, permission: Permission, actor: Actor
) -> tuple[Comment, Locked]:
    """The comment, which the lock of its task keeps others from changing."""
    comment, task = get_comment(session, comment_id, actor)
    locked = lock_task(session, task.id, actor)
    session.refresh(comment)
    tie = {Tie.AUTHOR} if comment.author_id == actor.id else set()
    locked.standing.with_ties(tie, thing="comment").require(permission)
    return comment, locked


def _check_parent(session: Session, parent_id: int | None, task_id: int) -> None:
    if parent_id is None:
        return
    parent = session.get(Comment, parent_id)
    if parent is None or parent.task_id != task_id:
        raise Invalid.field("parent", f"there is no comment {parent_id} on this task")
    if parent.deleted_at is not None:
        raise Invalid.field("parent", "was deleted; answer another comment or none")


def _record(
    comment: Comment, locked: Locked, kind: type[CommentEvent], before: Mapping[str, Any]
) -> None:
    after = comment_json(comment)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    actor_id = locked.standing.actor.id
    events.record(about_comment(comment, locked.task, kind, actor_id=actor_id, changes=changes))
