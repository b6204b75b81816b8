"""The runs of the scheduled jobs."""

import enum
from datetime import datetime

from sqlalchemy import DateTime, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.claims import Claimable, Claims
from app.core.models import Base, Instant


class State(enum.StrEnum):
    """Where a run stands. FAILED has been tried often enough; SKIPPED has not been begun."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


ACTIVE = frozenset({State.WAITING, State.RUNNING})


class ScheduledRun(Claimable, Base):
    """The run of a job for one moment, `tick_at`: whoever adds the row first has planned it.

    One that somebody asked for (`by_hand`) has the moment of asking, and stands for none of the
    job's own. `result` is what the job said, or why it was skipped; `error` is how the last
    attempt failed.
    """

    __tablename__ = "scheduled_runs"
    __table_args__ = (
        Index(
            "uq_scheduled_runs_tick",
            "name",
            "tick_at",
            unique=True,
            postgresql_where=text("NOT by_hand"),
        ),
        Index("ix_scheduled_runs_name", "name", "tick_at"),
        Index("ix_scheduled_runs_tick_at", "tick_at", "id"),
        Index(
            "ix_scheduled_runs_active",
            "name",
            "tick_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
    )

    name: Mapped[str] = mapped_column(String(64))
    tick_at: Mapped[Instant]
    by_hand: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default=State.WAITING)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

    @property
    def seconds(self) -> float | None:
        """How long its last attempt took; None where it is not over, or was never begun."""
        if self.started_at is None or self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds(), 3)


CLAIMS = Claims(ScheduledRun, ACTIVE)
"""Which worker is at which run."""
