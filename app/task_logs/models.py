"""The daily log of the tasks."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.boards.lifecycle import Status
from app.core.models import Base, BigInt, Instant
from app.tasks.models import Priority


class TaskLog(Base):
    """A task as it was on one day of the service's time zone.

    The key begins with the day, by which the log is read and written; the description is left out,
    since it has up to 20,000 characters and would be stored anew every day. A row whose
    `logged_at` is after the day was made up for later: that the task was there is certain, what it
    looked like then is not.
    """

    __tablename__ = "task_logs"
    __table_args__ = (Index("ix_task_logs_task", "task_id", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tasks.id"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(String(500))
    status: Mapped[Status] = mapped_column(Enum(Status, name="task_status"))
    priority: Mapped[Priority] = mapped_column(Enum(Priority, name="task_priority"))
    assignee_id: Mapped[int | None] = mapped_column(BigInteger)
    reporter_id: Mapped[BigInt]
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Instant]
    logged_at: Mapped[Instant]
