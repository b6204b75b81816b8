"""What is owed to somebody outside because of an event, and how far that has come.

The row is the truth: it is claimed with a lease, tried again with growing pauses, and given up
after three days. The messages that tell a worker to look at a row may be lost at any time.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    exists,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.core import clock
from app.core.events import DeliverTo, EventRecord
from app.core.models import Base, BigInt, BigIntId, Instant

LEASE = timedelta(seconds=60)
"""Longer than any attempt may take (see the time limits of the jobs)."""

GIVE_UP_AFTER = timedelta(hours=72)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
RING_AGAIN_AFTER = timedelta(seconds=15)

PENDING, DONE, DROPPED, DEAD = "pending", "done", "dropped", "dead"


class Delivery(Base):
    """One thing owed: `channel` is how (`email`, `lambda`), `target` is to whom.

    `state` is `pending`, `done`, `dropped` (no longer wanted; `last_error` says why) or `dead`
    (given up; an operator may requeue it).
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "target"),
        Index("ix_deliveries_due", "next_at", postgresql_where=text("state = 'pending'")),
        # Deliveries about one task to one target go out in the order of the events.
        Index(
            "ix_deliveries_order",
            "channel",
            "target",
            "task_id",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[BigIntId]
    event_id: Mapped[BigInt] = mapped_column(ForeignKey("events.id"))
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default=PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[Instant]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rung_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Due(NamedTuple):
    """A delivery that a worker should be told of."""

    id: int
    channel: str


def owe(session: Session, record: EventRecord, wanted: Iterable[DeliverTo]) -> None:
    """Note what `record` obliges to; a second time changes nothing."""
    now = clock.now()
    rows = [
        {
            "event_id": record.id,
            "task_id": record.task_id,
            "channel": channel,
            "target": target,
            "state": PENDING,
            "attempts": 0,
            "next_at": now,
            "created_at": now,
        }
        for channel, target in wanted
    ]
    if rows:
        session.execute(upsert(Delivery).values(rows).on_conflict_do_nothing())


def take_due(session: Session, limit: int = 200) -> Sequence[Due]:
    """The deliveries whose time has come and that no worker was told of lately; marks them told."""
    now = clock.now()
    waiting = (
        select(Delivery.id)
        .where(
            Delivery.state == PENDING,
            Delivery.next_at <= now,
            or_(Delivery.rung_at.is_(None), Delivery.rung_at < now - RING_AGAIN_AFTER),
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
        )
        .order_by(Delivery.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    told = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(waiting))
        .values(rung_at=now)
        .returning(Delivery.id, Delivery.channel)
    )
    return sorted(Due(*row) for row in told)


def claim(session: Session, delivery_id: int) -> Delivery | None:
    """Lease a delivery to the caller; None where it is done, not due, leased, or has to wait.

    A delivery waits while an earlier one about the same task to the same target is pending.
    """
    now = clock.now()
    earlier = aliased(Delivery)
    must_wait = exists().where(
        earlier.channel == Delivery.channel,
        earlier.target == Delivery.target,
        earlier.task_id == Delivery.task_id,
        earlier.state == PENDING,
        earlier.id < Delivery.id,
    )
    claimed = (
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == PENDING,
            Delivery.next_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            ~must_wait,
        )
        .values(lease_until=now + LEASE, attempts=Delivery.attempts + 1)
        .returning(Delivery)
    )
    return session.scalars(
        claimed, execution_options={"populate_existing": True, "synchronize_session": False}
    ).one_or_none()


def finish(session: Session, delivery: Delivery) -> None:
    """It has been delivered."""
    _close(session, delivery, DONE, None)


def drop(session: Session, delivery: Delivery, reason: str) -> None:
    """It is not wanted any more, for `reason`."""
    _close(session, delivery, DROPPED, reason)


def fail(session: Session, delivery: Delivery, error: str) -> None:
    """It could not be delivered now; it is tried again later, or given up after three days."""
    now = clock.now()
    if now - delivery.created_at >= GIVE_UP_AFTER:
        _close(session, delivery, DEAD, error)
        return
    _set(
        session,
        delivery,
        {
            "next_at": now + pause_after(delivery.attempts),
            "lease_until": None,
            "rung_at": None,
            "last_error": error[:1000],
        },
    )


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, doubling up to 15 min, ± 20 % by chance."""
    pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing


def _close(session: Session, delivery: Delivery, state: str, reason: str | None) -> None:
    note = reason[:1000] if reason else None
    values = {"state": state, "last_error": note, "finished_at": clock.now(), "lease_until": None}
    _set(session, delivery, values)
    # What waited for this one may be told of at once.
    session.execute(
        update(Delivery)
        .where(
            Delivery.channel == delivery.channel,
            Delivery.target == delivery.target,
            Delivery.task_id == delivery.task_id,
            Delivery.state == PENDING,
        )
        .values(rung_at=None)
    )


def _set(session: Session, delivery: Delivery, values: dict[str, Any]) -> None:
    """Write to the row, but only while the lease of this very attempt holds."""
    session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery.id,
            Delivery.state == PENDING,
            Delivery.attempts == delivery.attempts,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
