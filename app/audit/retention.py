"""Forgetting: events that are older than the setting allows."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.delivery_models import Delivery, State
from app.core.events import EventRecord, StreamEntry


def old_events(days: int) -> Select[int]:
    """The ids of events older than `days`.

    What is not relayed yet or still owes a delivery stays, and so does the newest event: the relay
    goes on counting from its position.
    """
    pending = exists().where(Delivery.event_id == EventRecord.id, Delivery.state == State.PENDING)
    newest = select(func.max(EventRecord.position)).scalar_subquery()
    return (
        select(EventRecord.id)
        .where(
            EventRecord.at < clock.now() - timedelta(days=days),
            EventRecord.position < newest,
            ~pending,
        )
        .order_by(EventRecord.id)
    )


def forget_events(session: Session, ids: Sequence[int]) -> None:
    """Delete events with all that hangs on them."""
    session.execute(delete(StreamEntry).where(StreamEntry.event_id.in_(ids)))
    session.execute(delete(Delivery).where(Delivery.event_id.in_(ids)))
    session.execute(delete(EventRecord).where(EventRecord.id.in_(ids)))
