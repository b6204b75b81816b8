"""Forgetting notifications: what was read, or never was in the inbox, once it is old."""

from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.notifications.models import Notification

BATCH = 1000
KEPT_DAYS = 90


def purge_batch(session: Session) -> int:
    """Delete at most BATCH notifications older than KEPT_DAYS; returns how many.

    What was not read stays as long as the event that it tells of. Two at once take different ones.
    """
    old = (
        select(Notification.id)
        .where(
            or_(Notification.read_at.is_not(None), ~Notification.in_inbox),
            Notification.created_at < clock.now() - timedelta(days=KEPT_DAYS),
        )
        .order_by(Notification.created_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(old).all()
    session.execute(delete(Notification).where(Notification.id.in_(ids)))
    return len(ids)
