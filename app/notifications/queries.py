"""Reading the inbox: what somebody was told, as far as he or she may see it now."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.comments.events import CommentEvent
from app.core.errors import NotFound
from app.core.events import EventRecord
from app.core.pagination import Cursor, Keyset, SortKey
from app.notifications.models import Notification
from app.projects.models import Project, ProjectMember
from app.tasks.events import TaskEvent
from app.tasks.models import Task
from app.users.actor import Actor
from app.users.models import Role, User

MAX_COUNT = 1000
"""Nobody reads a larger number off a bell, nor as many pages."""

NEWEST = Keyset([SortKey("id", Notification.id, descending=True)])

_recipient, _actor = aliased(User), aliased(User)
_COLUMNS = (
    Notification.id,
    Notification.user_id,
    Notification.event_id.label("told_of"),
    Notification.kind,
    Notification.created_at,
    Notification.read_at,
    EventRecord.event_id,
    EventRecord.type,
    EventRecord.entity,
    EventRecord.entity_id,
    EventRecord.changes,
    _actor.id.label("actor_id"),
    _actor.username,
    Task.id.label("task_id"),
    Task.title,
    Project.id.label("project_id"),
    Project.name,
)


class InboxPage(NamedTuple):
    """Notifications, newest first; how many match (at most MAX_COUNT + 1), and if more follow."""

    rows: Sequence[dict[str, Any]]
    total: int
    has_more: bool


def read_inbox(
    session: Session, query: Mapping[str, Any], cursor: Cursor | None, actor: Actor
) -> InboxPage:
    """A page of the inbox of `actor`; `query` is an InboxQuerySchema."""
    wanted = [Notification.user_id == actor.id]
    if "kind" in query:
        wanted.append(Notification.kind.in_(query["kind"]))
    if "unread" in query:
        is_unread = Notification.read_at.is_(None)
        wanted.append(is_unread if query["unread"] else ~is_unread)
    size, backwards = query["page_size"], cursor is not None and cursor.backwards
    page = _told(_shown(*wanted)).order_by(*NEWEST.order_by(backwards=backwards)).limit(size + 1)
    if cursor is not None:
        page = page.where(NEWEST.beyond(cursor))
    rows = [_as_row(row) for row in session.execute(page)]
    kept = rows[:size][::-1] if backwards else rows[:size]
    return InboxPage(kept, _count(session, MAX_COUNT + 1, *wanted), len(rows) > size)


def get_notification(session: Session, notification_id: int, actor: Actor) -> dict[str, Any]:
    """One notification of `actor`. Raises NotFound also for somebody else's."""
    wanted = _told(_shown(Notification.id == notification_id, Notification.user_id == actor.id))
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound("There is no such notification.")
    return _as_row(found)


def count_unread(session: Session, user_id: int) -> int:
    """How many notifications a user has not read, counted up to MAX_COUNT."""
    return count_unread_of(session, [user_id]).get(user_id, 0)


def count_unread_of(session: Session, user_ids: Collection[int]) -> dict[int, int]:
    """By user: how many notifications he or she has not read, each counted up to MAX_COUNT."""
    person = aliased(User)
    unread = _shown(Notification.user_id == person.id, Notification.read_at.is_(None))
    each = unread.limit(MAX_COUNT).correlate(person).lateral()
    rows = session.execute(
        select(person.id, func.count(each.c.id))
        .join(each, true())
        .where(person.id.in_(user_ids))
        .group_by(person.id)
    )
    return dict(iter(rows))


def told_by(
    session: Session, event_ids: Collection[int], user_ids: Collection[int]
) -> list[tuple[int, int, dict[str, Any]]]:
    """What the inboxes of these users show of these events: (event, user, notification)."""
    # Few are told of an event; thousands may be asked for, who would make the statement slow.
    wanted = _told(_shown(Notification.event_id.in_(event_ids)))
    rows = session.execute(wanted.order_by(Notification.id))
    return [(row.told_of, row.user_id, _as_row(row)) for row in rows if row.user_id in user_ids]


def told_to(session: Session, event_id: int, user_id: int) -> dict[str, Any] | None:
    """What a user was told of an event, in the inbox or not; None if it may not be seen (now)."""
    visible = _visible(Notification.event_id == event_id, Notification.user_id == user_id)
    found = session.execute(_told(visible)).one_or_none()
    return _as_row(found) if found else None


def _count(session: Session, limit: int, *wanted: ColumnElement[bool]) -> int:
    counted = _shown(*wanted).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(counted)) or 0


def _told(notifications: Select[Any]) -> Select[Any]:
    """What `_shown` finds, with all that `_as_row` tells of it."""
    return (
        notifications.with_only_columns(*_COLUMNS)
        .join(EventRecord, EventRecord.id == Notification.event_id)
        .outerjoin(_actor, _actor.id == EventRecord.actor_id)
    )


def _shown(*wanted: ColumnElement[bool]) -> Select[Any]:
    """The ids of what is in the inbox, about what its user may see at this moment."""
    return _visible(Notification.in_inbox.is_(True), *wanted)


def _visible(*wanted: ColumnElement[bool]) -> Select[Any]:
    """The ids of notifications about what their user may see at this moment."""
    place = case(
        (Notification.task_id.is_not(None), Task.project_id), else_=Notification.project_id
    )
    return (
        select(Notification.id)
        .join(_recipient, _recipient.id == Notification.user_id)
        .outerjoin(Task, Task.id == Notification.task_id)
        .outerjoin(Project, Project.id == place)
        .where(_is_seen(), *wanted)
    )


def _is_seen() -> ColumnElement[bool]:
    """As `app.tasks.policy` and `app.projects.queries` say it of one actor, of any user."""
    is_admin = _recipient.role == Role.ADMIN
    is_member = exists().where(
        ProjectMember.project_id == Project.id, ProjectMember.user_id == Notification.user_id
    )
    is_tied = or_(
        Task.reporter_id == Notification.user_id, Task.assignee_id == Notification.user_id
    )
    in_project = and_(Project.deleted_at.is_(None), or_(is_admin, is_member))
    outside = and_(Task.project_id.is_(None), or_(is_admin, is_tied))
    return case(
        (Notification.task_id.is_not(None), Task.deleted_at.is_(None) & (outside | in_project)),
        (Notification.project_id.is_not(None), in_project),
        else_=True,
    )


def _as_row(row: Row[Any]) -> dict[str, Any]:
    """A NotificationSchema."""
    return {
        "id": row.id,
        "kind": row.kind,
        "event": row.type,
        "event_id": row.event_id,
        "actor": {"id": row.actor_id, "username": row.username} if row.username else None,
        "task": {"id": row.task_id, "title": row.title} if row.task_id else None,
        "project": {"id": row.project_id, "name": row.name} if row.project_id else None,
        "comment": row.entity_id if row.entity == CommentEvent.entity else None,
        # What a comment said is not repeated: it may be deleted by now.
        "changes": row.changes if row.entity == TaskEvent.entity else {},
        "created_at": row.created_at,
        "read_at": row.read_at,
    }
