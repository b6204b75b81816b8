"""Marking notifications as read. Every function runs inside the caller's unit of work."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, select, text, update
from sqlalchemy.orm import Session

from app.core import clock, events
from app.core.db import unlocked
from app.core.errors import NotFound
from app.notifications.events import about_reading
from app.notifications.models import Notification
from app.notifications.queries import count_unread, get_notification
from app.users.actor import Actor


def mark(session: Session, notification_id: int, *, read: bool, actor: Actor) -> dict[str, Any]:
    """Mark one notification read or unread; returns it. Raises NotFound."""
    get_notification(session, notification_id, actor)
    _mark(session, Notification.id == notification_id, {"read": read, "up_to": None}, actor)
    return get_notification(session, notification_id, actor)


def mark_read(session: Session, wanted: Mapping[str, Any], *, actor: Actor) -> int:
    """Mark several read, as a ReadSchema says; returns how many stay unread.

    Raises NotFound where one of the `ids` is not in the caller's inbox; nothing is marked then.
    """
    up_to = wanted.get("up_to")
    if up_to is not None:
        return _mark(session, Notification.id <= up_to, {"read": True, "up_to": up_to}, actor)
    _check_own(session, wanted["ids"], actor)
    which = Notification.id.in_(wanted["ids"])
    return _mark(session, which, {"read": True, "up_to": None}, actor)


def _check_own(session: Session, ids: Collection[int], actor: Actor) -> None:
    own = set(session.scalars(select(Notification.id).where(Notification.id.in_(ids), _of(actor))))
    if unknown := sorted(set(ids) - own):
        listed = ", ".join(map(str, unknown))
        raise NotFound(f"There is no such notification: {listed}. None was marked.")


def _mark(
    session: Session, which: ColumnElement[bool], told: Mapping[str, Any], actor: Actor
) -> int:
    """Mark those of `which` that are not so yet, as one event; returns how many stay unread.

    `told` holds `read` and `up_to` (or None), of which the other tabs of the user hear.
    """
    _take_turns(session, actor)
    is_due = Notification.read_at.is_(None) if told["read"] else Notification.read_at.is_not(None)
    # What retention is just deleting need not be waited for.
    due = select(Notification.id).where(which, _of(actor), is_due)
    marked = session.scalars(
        update(Notification)
        .where(Notification.id.in_(unlocked(due)))
        .values(read_at=clock.now() if told["read"] else None)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    ).all()
    unread = count_unread(session, actor.id)
    if marked:
        ids = sorted(marked) if told["up_to"] is None else None
        told = {**told, "ids": ids, "unread": unread}
        events.record(about_reading(max(marked), actor.id, told))
    return unread


def _of(actor: Actor) -> ColumnElement[bool]:
    return and_(Notification.user_id == actor.id, Notification.in_inbox)


def _take_turns(session: Session, actor: Actor) -> None:
    """One request of a user at a time marks anything, so that each counts what is left rightly."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended('inbox', :user_id))")
    session.execute(lock, {"user_id": actor.id})
