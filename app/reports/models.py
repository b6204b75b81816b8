"""The counters behind the insight report, and the reports that are made in the background."""

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.boards.lifecycle import Status
from app.core import clock
from app.core.claims import Claims
from app.core.models import Base, BigInt, Instant
from app.tasks.models import Priority
from app.users.owned import OwnedWork


class TaskCount(Base):
    """How many tasks of one stream have one combination of people, status and priority.

    `assignee_id` is 0 where there is none (a primary key has no nulls). The rows of a stream are
    only written while the stream is locked, so they need no order of their own.
    """

    __tablename__ = "task_counts"

    stream_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("streams.id"), primary_key=True, autoincrement=False
    )
    reporter_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    assignee_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    status: Mapped[Status] = mapped_column(
        Enum(Status, name="task_status", create_type=False), primary_key=True
    )
    priority: Mapped[Priority] = mapped_column(
        Enum(Priority, name="task_priority", create_type=False), primary_key=True
    )
    tasks: Mapped[int] = mapped_column(BigInteger)


class Format(enum.StrEnum):
    """What a report is: the rows as a table, or a summary with charts."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    PDF = "pdf"
    HTML = "html"


MEDIA_TYPES: dict[str, str] = {
    Format.CSV: "text/csv",
    Format.JSON: "application/json",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
    Format.HTML: "text/html",
}

SUMMARIES = frozenset({Format.PDF, Format.HTML})
"""They are about a period; the others are rows."""


class State(enum.StrEnum):
    """Where a report stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ACTIVE = frozenset({State.WAITING, State.RUNNING})
"""A worker is, or should be, at it."""


class ReportJob(OwnedWork, Base):
    """A report that a worker makes, in the name of whoever asked for it.

    `query` are the parameters of the list of tasks, as they were sent. `first_day` and `last_day`
    bound the period of a summary; rows have none. `file_name` is the name in the storage, and is
    there while there is something to download.
    """

    called = "report"
    __tablename__ = "report_jobs"
    __table_args__ = (
        Index("ix_report_jobs_user_id", "user_id", "id"),
        Index(
            "ix_report_jobs_ring",
            "ring_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_report_jobs_expires", "expires_at", postgresql_where=text("state = 'done'")),
    )

    format: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(200))
    query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(16), default=State.WAITING)
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    rows_done: Mapped[BigInt] = mapped_column(default=0)
    file_name: Mapped[str | None] = mapped_column(String(100))
    size: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


CLAIMS = Claims(ReportJob, ACTIVE)
"""Which worker is at which report."""
RUN_JOB = "reports.run"
"""The job that makes one; named here, where whoever rings for it need not load what draws it."""
