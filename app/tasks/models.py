"""The task and its priorities; its states are in `app.boards.lifecycle`."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.boards.lifecycle import Status
from app.core import clock
from app.core.models import Base, BigInt, BigIntId, Instant


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
_ON_BOARD = f"{_ALIVE} AND board_id IS NOT NULL"
_COMPLETED = f"{_ALIVE} AND completed_at IS NOT NULL"
_OPEN = "status IN ('BACKLOG', 'TODO', 'IN_PROGRESS', 'REVIEW')"


# One language for all: words as they are, without accents. A title counts for more.
SEARCH = """
setweight(to_tsvector('public.task_search'::regconfig, title), 'A')
|| setweight(to_tsvector('public.task_search'::regconfig, description), 'B')
"""


class Task(Base):
    """One thing to do, in a project (then `project_id` and `board_id` are set) or outside of any.

    `position` is the place among the tasks of one board and status: a text that sorts byte by byte,
    so that between any two there is room for another. It is null outside of boards.

    `due_at` is an instant; where only a date was given it is the last second of that day in the
    writer's time zone and `due_date_only` is true. `version` rises by one with every change and is
    the ETag. A deleted task keeps its row with `deleted_at`.

    `comments_count` is written with the comment, so that no list has to count; `comments_version`
    rises by one with every comment that comes or goes, and tells which of two counts is the newer.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("estimated_hours >= 0", name="estimated_hours"),
        CheckConstraint(
            "(project_id IS NULL) = (board_id IS NULL) AND (board_id IS NULL) = (position IS NULL)",
            name="place",
        ),
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
        Index(
            "ix_tasks_project",
            "project_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text(_ALIVE),
        ),
        Index(
            "ix_tasks_project_status",
            "project_id",
            "status",
            postgresql_where=text(_ALIVE),
        ),
        Index(
            "ix_tasks_project_due",
            "project_id",
            "due_at",
            postgresql_where=text(f"{_ALIVE} AND {_OPEN}"),
        ),
        Index("ix_tasks_completed", "completed_at", postgresql_where=text(_COMPLETED)),
        Index(
            "ix_tasks_project_completed",
            "project_id",
            "completed_at",
            postgresql_where=text(_COMPLETED),
        ),
        Index(
            "uq_tasks_position",
            "board_id",
            "status",
            "position",
            unique=True,
            postgresql_where=text(_ON_BOARD),
        ),
        Index("ix_tasks_sla", "id", postgresql_where=text(f"{_ALIVE} AND sla_breached")),
        Index("ix_tasks_search", "search", postgresql_using="gin", postgresql_where=text(_ALIVE)),
    )

    id: Mapped[BigIntId]
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[Status] = mapped_column(Enum(Status, name="task_status"))
    priority: Mapped[Priority] = mapped_column(Enum(Priority, name="task_priority"))
    project_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("projects.id"))
    board_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("boards.id"))
    position: Mapped[str | None] = mapped_column(Text(collation="C"))
    reporter_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    assignee_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_date_only: Mapped[bool] = mapped_column(default=False)
    estimated_hours: Mapped[float | None]
    sla_breached: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    comments_count: Mapped[int] = mapped_column(default=0, server_default="0")
    comments_version: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)


class SavedFilter(Base):
    """Parameters of the task list that one user keeps under a name; `query` as they were sent."""

    __tablename__ = "saved_filters"
    __table_args__ = (
        Index(
            "uq_saved_filters_name",
            "user_id",
            text("lower(name)"),
            unique=True,
            info={"conflict": ("name", "is that of another of your filters")},
        ),
    )

    id: Mapped[BigIntId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now, onupdate=clock.now)
