"""Forgetting notifications: what was read, or never was in the inbox, once it is old."""

from datetime import timedelta

from sqlalchemy import Select, or_, select

from app.core import clock
from app.notifications.models import Notification

KEPT_DAYS = 90


def old_notifications() -> Select[int]:
    """The ids of those older than KEPT_DAYS; what was not read stays as long as its event."""
    return (
        select(Notification.id)
        .where(
            or_(Notification.read_at.is_not(None), ~Notification.in_inbox),
            Notification.created_at < clock.now() - timedelta(days=KEPT_DAYS),
        )
        .order_by(Notification.created_at)
    )
