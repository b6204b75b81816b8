"""The user and its global role."""

import enum
from datetime import datetime

from sqlalchemy import DateTime, Enum, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.models import Base, BigIntId, Instant


class Role(enum.StrEnum):
    """The global role. An ADMIN sees and may do everything; roles rank in this order."""

    MEMBER = "MEMBER"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"


class User(Base):
    """An account.

    `session_epoch` is raised to end every session of the user at once: a session is alive only
    while it carries the epoch under which it was opened.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_username",
            text("lower(username)"),
            unique=True,
            info={"conflict": ("username", "is taken; choose another")},
        ),
        Index(
            "uq_users_email",
            text("lower(email)"),
            unique=True,
            info={"conflict": ("email", "belongs to an account already; sign in instead")},
        ),
    )

    id: Mapped[BigIntId]
    username: Mapped[str] = mapped_column(String(150))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(255))
    first_name: Mapped[str] = mapped_column(String(150), default="")
    last_name: Mapped[str] = mapped_column(String(150), default="")
    role: Mapped[Role] = mapped_column(Enum(Role, name="user_role"), default=Role.MEMBER)
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    email_own_changes: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now, onupdate=clock.now)
    last_login_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def is_admin(self) -> bool:
        """Whether the user may see and do everything."""
        return self.role is Role.ADMIN

    @property
    def display_name(self) -> str:
        """The full name where there is one, else the username."""
        return f"{self.first_name} {self.last_name}".strip() or self.username
