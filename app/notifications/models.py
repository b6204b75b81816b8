"""Who is told of what, and what each user wants to be told."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, BigInt, BigIntId, Instant


class Notification(Base):
    """One user is told of one event, as one kind; `in_inbox` says whether the inbox shows it.

    It goes with its event: when the audit log forgets that, the row is deleted with it.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("event_id", "user_id"),
        Index("ix_notifications_inbox", "user_id", "id", postgresql_where=text("in_inbox")),
        Index(
            "ix_notifications_unread",
            "user_id",
            "id",
            postgresql_where=text("in_inbox AND read_at IS NULL"),
        ),
        # What the nightly purge may forget once it is old enough.
        Index(
            "ix_notifications_settled",
            "created_at",
            postgresql_where=text("read_at IS NOT NULL OR NOT in_inbox"),
        ),
    )

    id: Mapped[BigIntId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    event_id: Mapped[BigInt] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    project_id: Mapped[int | None] = mapped_column(BigInteger)
    in_inbox: Mapped[bool]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotificationPreference(Base):
    """Whether a user wants one kind by one channel; without a row it is wanted."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    enabled: Mapped[bool]
