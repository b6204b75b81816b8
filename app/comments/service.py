"""Writing comments. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.comments.events import (
    CommentCreated,
    CommentDeleted,
    CommentUpdated,
    about_comment,
    comment_json,
)
from app.comments.models import Comment
from app.comments.queries import MAX_LEVELS, level_of, mentioned_in, standing_to_comment
from app.core import clock, events
from app.core.errors import Conflict, Invalid, NotFound
from app.projects.models import Project
from app.projects.permissions import Permission
from app.projects.queries import check_writable, share_project
from app.tasks.models import Task
from app.tasks.queries import standing_to
from app.users.actor import Actor


@dataclass(frozen=True)
class Place:
    """A task that is commented on, locked, and its project, which stays as it is."""

    task: Task
    project: Project | None

    def check_writable(self) -> None:
        """Raise Conflict in an archived project."""
        if self.project is not None:
            check_writable(self.project)


def add_comment(
    session: Session, task_id: int, data: Mapping[str, Any], *, actor: Actor
) -> Comment:
    """Comment on a task; `data` as CommentInputSchema loads it.

    Raises NotFound, Conflict in an archived project, Invalid for a `parent` that cannot be
    answered.
    """
    place = _locked_place(session, task_id, "task")
    standing_to(session, place.task, actor).require(Permission.COMMENT)
    place.check_writable()
    if data["parent"] is not None:
        _check_parent(session, data["parent"], task_id)
    comment = Comment(
        task_id=task_id,
        parent_id=data["parent"],
        author_id=actor.id,
        body=data["body"],
        mentions=mentioned_in(session, data["body"], place.task),
        created_at=clock.now(),
    )
    session.add(comment)
    _count(place.task, +1)
    session.flush()  # The event names the new id.
    events.record(about_comment(comment, CommentCreated, place.task, actor_id=actor.id))
    return comment


def edit_comment(session: Session, comment_id: int, body: str, *, actor: Actor) -> Comment:
    """Change the text of a comment; the same text is no change.

    Raises NotFound, Forbidden, Conflict for a deleted comment and in an archived project.
    """
    comment, place = _locked(session, comment_id, Permission.EDIT_COMMENT, actor)
    if comment.deleted_at is not None:
        raise Conflict("The comment is deleted: it cannot be edited.")
    if body == comment.body:
        return comment
    before = comment_json(comment)
    comment.body = body
    comment.mentions = mentioned_in(session, body, place.task)
    comment.edited_at = clock.now()
    after = comment_json(comment)
    changes = events.differences(before, after)
    events.record(
        about_comment(comment, CommentUpdated, place.task, actor_id=actor.id, changes=changes)
    )
    return comment


def delete_comment(session: Session, comment_id: int, *, actor: Actor) -> None:
    """Take the text of a comment away, and leave its place; a deleted one stays as it is.

    Raises NotFound, Forbidden, Conflict in an archived project.
    """
    comment, place = _locked(session, comment_id, Permission.DELETE_COMMENT, actor)
    if comment.deleted_at is not None:
        return
    comment.body, comment.mentions = "", []
    comment.deleted_at = clock.now()
    _count(place.task, -1)
    changes = {"deleted_at": [None, clock.iso(comment.deleted_at)]}
    events.record(
        about_comment(comment, CommentDeleted, place.task, actor_id=actor.id, changes=changes)
    )


def _locked(
    session: Session, comment_id: int, permission: Permission, actor: Actor
) -> tuple[Comment, Place]:
    """The comment, locked, once `actor` is known to have the permission."""
    task_id = session.scalar(select(Comment.task_id).where(Comment.id == comment_id))
    if task_id is None:
        raise NotFound("There is no such comment.")
    place = _locked_place(session, task_id, "comment")
    comment = session.get_one(Comment, comment_id, with_for_update=True, populate_existing=True)
    standing_to_comment(session, place.task, comment, actor).require(permission)
    place.check_writable()
    return comment, place


def _locked_place(session: Session, task_id: int, thing: str) -> Place:
    """The project and then the task, which counts its comments. Raises NotFound, of `thing`."""
    project_id = session.scalar(select(Task.project_id).where(Task.id == task_id))
    project = share_project(session, project_id) if project_id is not None else None
    task = session.get(Task, task_id, with_for_update={"key_share": True}, populate_existing=True)
    if task is None or task.deleted_at is not None:
        raise NotFound(f"There is no such {thing}.")
    if task.project_id != project_id:
        raise Conflict("The task is just being moved to another project; try again.")
    return Place(task, project)


def _count(task: Task, step: int) -> None:
    """Keep the numbers of comments, which are no part of the version of the task."""
    task.comments_count += step
    task.comments_version += 1


def _check_parent(session: Session, parent_id: int, task_id: int) -> None:
    """Raise Invalid where the comment cannot be answered; else it stays as it is."""
    parent = session.get(Comment, parent_id, with_for_update={"read": True}, populate_existing=True)
    if parent is None or parent.task_id != task_id:
        raise Invalid.field("parent", "must be the id of a comment of the same task")
    if parent.deleted_at is not None:
        raise Invalid.field("parent", "is deleted and cannot be answered")
    if level_of(session, parent) >= MAX_LEVELS:
        raise Invalid.field("parent", f"is nested {MAX_LEVELS} levels deep; answer one above it")
