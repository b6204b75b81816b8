"""Reading comments, and who is mentioned in one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session, aliased

from app.comments.markdown import usernames_in
from app.comments.models import Comment
from app.core.errors import NotFound
from app.core.pagination import Cursor, Keyset, SortKey
from app.projects.models import ProjectMember
from app.projects.permissions import Standing, Tie
from app.tasks.models import Task
from app.tasks.queries import standing_to
from app.users.actor import Actor
from app.users.models import Role, User

OLDEST_FIRST = Keyset([SortKey("id", Comment.id, descending=False)])
MAX_MENTIONS = 50
MAX_LEVELS = 20
"""How deep answers may nest; clients draw them as a tree."""


@dataclass(frozen=True)
class CommentRows:
    """A page of comments in their order; `has_more` tells of the way that was gone."""

    comments: Sequence[Comment]
    has_more: bool


def get_comment(session: Session, comment_id: int, actor: Actor) -> Comment:
    """One comment, deleted or not. Raises NotFound where its task cannot be seen."""
    comment = session.get(Comment, comment_id)
    task = session.get(Task, comment.task_id) if comment else None
    if comment is None or task is None or task.deleted_at is not None:
        raise NotFound("There is no such comment.")
    standing_to_comment(session, task, comment, actor)
    return comment


def list_comments(
    session: Session, task_id: int, cursor: Cursor | None, page_size: int
) -> CommentRows:
    """A page of the comments of a task, oldest first; the deleted ones keep their place."""
    backwards = cursor is not None and cursor.backwards
    page = select(Comment).where(Comment.task_id == task_id)
    if cursor is not None:
        page = page.where(OLDEST_FIRST.beyond(cursor))
    ordering = OLDEST_FIRST.order_by(backwards=backwards)
    found = session.scalars(page.order_by(*ordering).limit(page_size + 1)).all()
    kept = found[:page_size]
    return CommentRows(kept[::-1] if backwards else kept, has_more=len(found) > page_size)


def count_comments(session: Session, task_id: int) -> int:
    """How many comments a task has, with the deleted ones that keep their place."""
    return (
        session.scalar(select(func.count()).select_from(Comment).where(Comment.task_id == task_id))
        or 0
    )


def standing_to_comment(session: Session, task: Task, comment: Comment, actor: Actor) -> Standing:
    """How `actor` stands to a comment of `task`. Raises NotFound where the task cannot be seen."""
    standing = replace(standing_to(session, task, actor), thing="comment")
    # Being the author gives no sight of a task that one lost sight of.
    if not standing.sees:
        raise NotFound("There is no such comment.")
    if comment.author_id != actor.id:
        return standing
    return replace(standing, ties=standing.ties | {Tie.AUTHOR})


def level_of(session: Session, comment: Comment) -> int:
    """How deep a comment is nested: 1 for one that answers none, at most MAX_LEVELS."""
    above = (
        select(Comment.parent_id.label("parent_id"), literal(1).label("level"))
        .where(Comment.id == comment.id)
        .cte(recursive=True)
    )
    upper = aliased(Comment)
    above = above.union_all(
        select(upper.parent_id, above.c.level + 1).where(
            upper.id == above.c.parent_id, above.c.level < MAX_LEVELS
        )
    )
    return session.scalar(select(func.max(above.c.level))) or 1


def mentioned_in(session: Session, body: str, task: Task) -> list[int]:
    """The ids of the active users whom `body` names and who see `task`, at most MAX_MENTIONS."""
    names = usernames_in(body)
    if not names:
        return []
    members = select(ProjectMember.user_id).where(ProjectMember.project_id == task.project_id)
    inside = User.id.in_(members)
    outside = User.id.in_([id_ for id_ in (task.reporter_id, task.assignee_id) if id_])
    sees = (User.role == Role.ADMIN) | (outside if task.project_id is None else inside)
    rows = session.execute(
        select(func.lower(User.username), User.id).where(
            func.lower(User.username).in_(names), User.is_active, sees
        )
    ).all()
    ids = {row[0]: row[1] for row in rows}
    return [ids[name] for name in names if name in ids][:MAX_MENTIONS]
