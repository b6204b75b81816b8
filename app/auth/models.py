"""The session: one sign-in on one device, with its chain of refresh tokens."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Base, Instant


class SignInSession(Base):
    """One sign-in. Tokens are only as good as their session: this table is the revocation list.

    `refresh_id` is the `jti` of the one refresh token that is good; the one before it is remembered
    to tell a second tab (which asks at the same moment) from a thief (who comes later).
    `epoch` is the user's `session_epoch` at sign-in; a raised epoch ends the session.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    epoch: Mapped[int]
    refresh_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), default=uuid.uuid4)
    previous_refresh_id: Mapped[uuid.UUID | None] = mapped_column(UUID(as_uuid=True))
    refreshed_at: Mapped[Instant]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(500))
