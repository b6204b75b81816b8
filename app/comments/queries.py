"""Reading comments."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.comments.models import Comment
from app.core.errors import NotFound
from app.tasks.models import Task
from app.tasks.queries import get_task
from app.users.actor import Actor


class CommentPage(NamedTuple):
    """A part of a task's comments, how many there are in all, and whether more follow."""

    total: int
    comments: Sequence[Comment]
    has_more: bool


def list_comments(
    session: Session, task_id: int, query: Mapping[str, Any], actor: Actor
) -> CommentPage:
    """The comments of a task, oldest first, after the one that `query` names.

    Raises NotFound where `actor` does not see the task.
    """
    get_task(session, task_id, actor)
    of_task, size = Comment.task_id == task_id, query["page_size"]
    count = session.scalar(select(func.count()).select_from(Comment).where(of_task)) or 0
    comments = select(Comment).where(of_task, Comment.id > query.get("after", 0))
    found = session.scalars(comments.order_by(Comment.id).limit(size + 1)).all()
    return CommentPage(count, found[:size], len(found) > size)


def get_comment(session: Session, comment_id: int, actor: Actor) -> tuple[Comment, Task]:
    """A comment and its task. Raises NotFound where `actor` does not see the task."""
    comment = session.get(Comment, comment_id)
    if comment is not None:
        try:
            return comment, get_task(session, comment.task_id, actor)
        except NotFound:
            pass
    raise NotFound("There is no such comment.")
