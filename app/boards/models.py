"""Boards and their columns."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.boards.lifecycle import Status
from app.core import clock
from app.core.models import Base, BigInt, BigIntId, Instant


class Board(Base):
    """A view of a part of a project's tasks; boards of a project are in the order of `position`."""

    __tablename__ = "boards"
    __table_args__ = (Index("ix_boards_project_id", "project_id", "position"),)

    id: Mapped[BigIntId]
    project_id: Mapped[BigInt] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BoardColumn(Base):
    """A column of a board: the tasks of one status, at most `wip_limit` where one is set."""

    __tablename__ = "board_columns"
    __table_args__ = (
        CheckConstraint("wip_limit > 0", name="wip_limit"),
        Index(
            "uq_board_columns_status",
            "board_id",
            "status",
            unique=True,
            info={"conflict": ("status", "has a column on this board already")},
        ),
    )

    id: Mapped[BigIntId]
    board_id: Mapped[BigInt] = mapped_column(ForeignKey("boards.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    status: Mapped[Status] = mapped_column(Enum(Status, name="task_status", create_type=False))
    position: Mapped[int]
    wip_limit: Mapped[int | None]
