"""Who is asking: the authenticated caller as services and policies see it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.users.models import Role


@dataclass(frozen=True)
class Actor:
    """The caller of a request, job or socket; `session_id` is the session its token belongs to."""

    id: int
    username: str
    role: Role
    timezone: str
    session_id: str

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and do everything."""
        return self.role is Role.ADMIN

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the caller's bare dates are meant."""
        return ZoneInfo(self.timezone)
