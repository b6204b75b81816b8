"""The comment."""

from datetime import datetime

from sqlalchemy import BigInteger, Computed, DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.models import Base, BigInt, BigIntId, Instant

SEARCH = "to_tsvector('public.task_search'::regconfig, body)"


class Comment(Base):
    """What somebody said about a task, in Markdown that is kept as it was written.

    `parent_id` is the comment that is answered. A deleted comment keeps its row, without its text,
    so that the answers keep their place. `mentions` holds the ids of those who were named with
    `@username` and could see the task.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_task_id", "task_id", "id"),
        Index(
            "ix_comments_search",
            "search",
            postgresql_using="gin",
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[BigIntId]
    task_id: Mapped[BigInt] = mapped_column(ForeignKey("tasks.id"))
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("comments.id"))
    author_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    mentions: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True), deferred=True)
