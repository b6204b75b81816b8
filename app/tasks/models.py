"""The task, its states and its priorities."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Enum, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.models import Base, BigInt, BigIntId, Instant


class Status(enum.StrEnum):
    """The states of a task; the first four are open. The database sorts them in this order."""

    BACKLOG = "BACKLOG"
    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    REVIEW = "REVIEW"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    ARCHIVED = "ARCHIVED"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in OPEN


OPEN = frozenset({Status.BACKLOG, Status.TODO, Status.IN_PROGRESS, Status.REVIEW})


class Priority(enum.StrEnum):
    """How urgent; the database sorts priorities by rank, in this order."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


PRIORITY_ALIASES = {
    "URGENT": Priority.CRITICAL,
    "CRIT": Priority.CRITICAL,
    "MED": Priority.MEDIUM,
}

_ALIVE = "deleted_at IS NULL"
_OPEN = "status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"


class Task(Base):
    """One thing to do.

    `due_at` is an instant; where only a date was given it is the last second of that day in the
    writer's time zone and `due_date_only` is true. `version` rises by one with every change and is
    the ETag. A deleted task keeps its row with `deleted_at`.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("estimated_hours >= 0", name="estimated_hours"),
        Index(
            "ix_tasks_created",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text(_ALIVE),
        ),
        Index(
            "ix_tasks_reporter",
            "reporter_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text(_ALIVE),
        ),
        Index(
            "ix_tasks_assignee",
            "assignee_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text(_ALIVE),
        ),
        Index("ix_tasks_due_any", "due_at", "id", postgresql_where=text(_ALIVE)),
        # Due soon, overdue: only what is open matters, however much has been finished.
        Index("ix_tasks_due", "due_at", postgresql_where=text(f"{_ALIVE} AND {_OPEN}")),
        Index(
            "ix_tasks_assignee_due",
            "assignee_id",
            "due_at",
            postgresql_where=text(f"{_ALIVE} AND {_OPEN}"),
        ),
        Index(
            "ix_tasks_reporter_due",
            "reporter_id",
            "due_at",
            postgresql_where=text(f"{_ALIVE} AND {_OPEN}"),
        ),
    )

    id: Mapped[BigIntId]
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[Status] = mapped_column(Enum(Status, name="task_status"))
    priority: Mapped[Priority] = mapped_column(Enum(Priority, name="task_priority"))
    reporter_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    assignee_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_date_only: Mapped[bool] = mapped_column(default=False)
    estimated_hours: Mapped[float | None]
    sla_breached: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
