"""The row of a delivery: what is owed to somebody outside because of an event."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, BigInt, BigIntId, Instant


class State(enum.StrEnum):
    """The states of a delivery; all but the first are final."""

    PENDING = "pending"
    DONE = "done"
    DROPPED = "dropped"
    DEAD = "dead"


_PENDING = text(f"state = '{State.PENDING}'")
_DEAD = text(f"state = '{State.DEAD}'")
_RUNG_FOR = text(f"state = '{State.PENDING}' AND part_of IS NULL")


class Delivery(Base):
    """One thing owed: `channel` is how (`email`, `lambda`), `target` is to whom.

    `next_at` is when it may be tried (again), `lease_until` until when a worker is at it, `ring_at`
    when the relay looks at it next. `last_error` also holds the reason of a drop. What is `part_of`
    another delivery goes with that one, and what becomes of that one becomes of it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "target"),
        Index("ix_deliveries_ring", "channel", "ring_at", postgresql_where=_RUNG_FOR),
        Index("ix_deliveries_part_of", "part_of", postgresql_where=text("part_of IS NOT NULL")),
        # What somebody was sent lately.
        Index("ix_deliveries_target", "channel", "target", "id"),
        # Deliveries about one task to one target go out in the order of the events.
        Index(
            "ix_deliveries_order",
            "channel",
            "target",
            "task_id",
            "event_id",
            postgresql_where=_PENDING,
        ),
        # What operators ask for: what is dead, and what ended lately.
        Index("ix_deliveries_dead", "id", postgresql_where=_DEAD),
        Index(
            "ix_deliveries_finished",
            "finished_at",
            "channel",
            "state",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
    )

    id: Mapped[BigIntId]
    event_id: Mapped[BigInt] = mapped_column(ForeignKey("events.id"))
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(255))
    part_of: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("deliveries.id", ondelete="CASCADE")
    )
    state: Mapped[str] = mapped_column(String(16), server_default=State.PENDING.value)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[Instant] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ring_at: Mapped[Instant] = mapped_column(server_default=func.now())
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


AGAIN: dict[str, Any] = {
    "state": State.PENDING.value,
    "attempts": 0,
    "last_error": None,
    "lease_until": None,
    "finished_at": None,
    "created_at": func.now(),
    "next_at": func.now(),
    "ring_at": func.now(),
}
"""The values that make a delivery owed once more, as if for the first time.

`created_at` is among them, since three days from then it is given up.
"""
