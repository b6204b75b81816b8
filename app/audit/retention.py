"""Forgetting: events that are older than the setting allows."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.deliveries import Delivery, State
from app.core.events import EventRecord, StreamEntry

BATCH = 1000


def purge_batch(session: Session, days: int) -> int:
    """Delete at most BATCH events older than `days` with all that hangs on them; returns how many.

    What is not relayed yet or still owes a delivery stays, and so does the newest event: the relay
    goes on counting from its position. Two at once take different events.
    """
    pending = exists().where(Delivery.event_id == EventRecord.id, Delivery.state == State.PENDING)
    newest = select(func.max(EventRecord.position)).scalar_subquery()
    old = (
        select(EventRecord.id)
        .where(
            EventRecord.at < clock.now() - timedelta(days=days),
            EventRecord.position < newest,
            ~pending,
        )
        .order_by(EventRecord.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(old).all()
    session.execute(delete(StreamEntry).where(StreamEntry.event_id.in_(ids)))
    session.execute(delete(Delivery).where(Delivery.event_id.in_(ids)))
    session.execute(delete(EventRecord).where(EventRecord.id.in_(ids)))
    return len(ids)
