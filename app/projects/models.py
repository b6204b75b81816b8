"""The project, and who takes part in it."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.models import Base, BigIntId, Instant


class ProjectRole(enum.StrEnum):
    """What somebody is in one project; roles rank in this order."""

    MEMBER = "MEMBER"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"

    @property
    def rank(self) -> int:
        """The higher, the more the role may do."""
        return list(ProjectRole).index(self)


DEFAULT_PROJECT_ID = 1
"""Made by a migration; every new user joins it while JOIN_DEFAULT_PROJECT is on."""


class Project(Base):
    """A place for boards and tasks, with members.

    The owner is always a member with the role ADMIN; the default project alone has none until
    somebody takes it. An archived project can be read but not changed. `tracks_sla` says whether
    its overdue tasks count as breaches.
    """

    __tablename__ = "projects"

    id: Mapped[BigIntId]
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    is_archived: Mapped[bool] = mapped_column(default=False)
    tracks_sla: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant] = mapped_column(default=clock.now)
    updated_at: Mapped[Instant] = mapped_column(default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ProjectMember(Base):
    """One person in one project; a row exists exactly while the person takes part."""

    __tablename__ = "project_members"
    __table_args__ = (Index("ix_project_members_user_id", "user_id"),)

    project_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("projects.id"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    role: Mapped[ProjectRole] = mapped_column(Enum(ProjectRole, name="project_role"))
    joined_at: Mapped[Instant] = mapped_column(default=clock.now)
