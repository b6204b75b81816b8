"""What the endpoints of a user are sent: what he or she is notified of."""

from collections.abc import Container
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.events import EventRecord
from app.notifications.kinds import Channel, Kind
from app.notifications.models import Notification
from app.notifications.preferences import wants
from app.notifications.queries import told_to
from app.notifications.schemas import NotificationSchema
from app.notifications.wanted import NotWanted
from app.webhooks.subscriptions import NOTIFICATION

_schema = NotificationSchema(exclude=("read_at",))


def notified_kinds(
    session: Session, record: EventRecord, user_ids: Container[int]
) -> list[tuple[int, str]]:
    """Who of these is told of an event and wants that by webhook: (user, type)."""
    told = session.execute(
        select(Notification.user_id, Notification.kind)
        .where(Notification.event_id == record.id)
        .order_by(Notification.user_id)
    )
    return [
        (user_id, f"{NOTIFICATION}.{kind}")
        for user_id, kind in told
        if user_id in user_ids and _is_wanted(session, record, user_id, Kind(kind))
    ]


def notification_message(
    session: Session, user_id: int, record: EventRecord
) -> tuple[str, dict[str, Any]]:
    """The type, and the notification as the inbox prints it. Raises NotWanted."""
    found = told_to(session, record.id, user_id)
    if found is None:
        raise NotWanted("the user may not see it any more")
    if not _is_wanted(session, record, user_id, Kind(found["kind"])):
        raise NotWanted("the user does not want it by webhook")
    return f"{NOTIFICATION}.{found['kind']}", _schema.dump(found)


def _is_wanted(session: Session, record: EventRecord, user_id: int, kind: Kind) -> bool:
    """A row is there also for what somebody did and asked to be mailed of; that goes no further."""
    return record.actor_id != user_id and wants(session, user_id, kind, Channel.WEBHOOK)
