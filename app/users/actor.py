"""Who is asking: the authenticated caller as services and policies see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from flask import g

from app.core.errors import Forbidden
from app.users.models import Role, User

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Actor:
    """The caller of a request, job or socket; `session_id` is the session its token belongs to."""

    id: int
    username: str
    role: Role
    timezone: str
    session_id: str

    @classmethod
    def of(cls, user: User) -> "Actor":
        """As whom `user` would act; for asking what somebody who is not there may see."""
        return cls(user.id, user.username, user.role, user.timezone, session_id="")

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and do everything."""
        return self.role is Role.ADMIN

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the caller's bare dates are meant."""
        return ZoneInfo(self.timezone)


def current_actor() -> Actor:
    """The caller of the present request; routes that need a token always have one."""
    actor: Actor = g.principal
    return actor


def asking_actor() -> Actor | None:
    """The caller of the present request, or None where it came without a good token."""
    actor: Actor | None = g.principal
    return actor


def admins_only(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse everyone but administrators."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not current_actor().is_admin:
            raise Forbidden("This needs the role ADMIN.")
        return view(*args, **kwargs)

    return checked
