"""Endpoints, the secrets that they share with us, and the log of what was sent to them."""

import uuid
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.events import StreamName
from app.core.models import Base, BigInt, BigIntId, Instant


class WebhookEndpoint(Base):
    """An address that is posted the events of a project, or what one user is told of.

    `events` are patterns (`app.webhooks.subscriptions`). While `failures` is not 0, one attempt at
    a time is made, and none before `retry_at`; `failing_since` is the first of these failures.
    `version` rises with every change that a person makes, and when it is switched off.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("num_nonnulls(project_id, user_id) = 1", name="owner"),
        Index("ix_webhook_endpoints_project_id", "project_id", "id"),
        Index("ix_webhook_endpoints_user_id", "user_id", "id"),
    )

    id: Mapped[BigIntId]
    project_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("projects.id"))
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_by: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(200))
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool] = mapped_column(default=True)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)

    @property
    def stream(self) -> StreamName:
        """The stream of those whose endpoint it is."""
        if self.project_id is not None:
            return StreamName.of_project(self.project_id)
        return StreamName.of_user(self.user_id or 0)


class WebhookSecret(Base):
    """One secret of an endpoint, `whsec_…`; it signs until `expires_at`."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (Index("ix_webhook_secrets_endpoint_id", "endpoint_id", "id"),)

    id: Mapped[BigIntId]
    endpoint_id: Mapped[BigInt] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebhookAttempt(Base):
    """One request that was made, or refused to be made, and what came back.

    It has no foreign key: the log of an endpoint that is deleted is forgotten with its age.
    """

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        Index("ix_webhook_attempts_endpoint_id", "endpoint_id", "id"),
        Index("ix_webhook_attempts_at", "at", postgresql_using="brin"),
    )

    id: Mapped[BigIntId]
    endpoint_id: Mapped[BigInt]
    delivery_id: Mapped[BigInt]
    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    event_type: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int]
    at: Mapped[Instant] = mapped_column(server_default=func.now())
    url: Mapped[str] = mapped_column(Text)
    request_headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    request_body: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    response_headers: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    response_body: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    milliseconds: Mapped[int]
