"""The records of limited requests."""

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.limit_counts import MAX_ADDRESS, MAX_ENDPOINT
from app.core.models import Base, BigInt, BigIntId, Instant


class RateLimitRecord(Base):
    """How often a user, or an address that nobody signed in from, used an endpoint in one hour.

    Like the event log it does not hold on to the account: the counts come from Redis, which may
    know of one that the database, restored from a backup, does not.
    """

    __tablename__ = "rate_limit_records"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (address IS NULL)", name="caller"),
        CheckConstraint("rejected BETWEEN 0 AND requests", name="rejected"),
        Index(
            "uq_rate_limit_records_use",
            "window_start",
            "endpoint",
            text("COALESCE(user_id, 0)"),
            text("COALESCE(address, '')"),
            unique=True,
        ),
        Index("ix_rate_limit_records_newest", text("window_start DESC"), text("id DESC")),
        Index("ix_rate_limit_records_user", "user_id", "window_start"),
    )

    id: Mapped[BigIntId]
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None] = mapped_column(String(MAX_ADDRESS))
    endpoint: Mapped[str] = mapped_column(String(MAX_ENDPOINT))
    window_start: Mapped[Instant]
    requests: Mapped[BigInt]
    rejected: Mapped[BigInt]
