"""The counters behind the reports."""

from sqlalchemy import BigInteger, Enum, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.boards.lifecycle import Status
from app.core.models import Base
from app.tasks.models import Priority


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
