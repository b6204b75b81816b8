"""The last sign of life of each process."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.core.models import Base, Instant

ALIVE = timedelta(seconds=30)
"""Three beats of a heart: who has been silent for longer is gone, or has lost its database."""
KEPT = timedelta(days=1)


class Heartbeat(Base):
    """One process, by what it is and where it runs; written anew with every beat of its heart.

    `seen_at` is the database's time, so that the machines need not agree on it; `info` is what the
    process says of itself, such as whether a relay is the one at work.
    """

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    info: Mapped[dict[str, Any]] = mapped_column(JSONB)
    started_at: Mapped[Instant]
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    alive: Mapped[bool] = column_property(seen_at > func.now() - ALIVE)
