"""Who is connected to this process, and who must go."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.auth.queries import ended_sessions
from app.core import clock
from app.users.actor import Actor


@dataclass(frozen=True)
class Connection:
    """An admitted socket."""

    sid: str
    actor: Actor
    expires_at: datetime


class Connections:
    """The admitted sockets of this process, and when the others were first seen."""

    def __init__(self) -> None:
        self.admitted: dict[str, Connection] = {}
        self._first_seen: dict[str, float] = {}

    def of_user(self, user_id: int) -> int:
        """How many sockets the user has here."""
        return sum(each.actor.id == user_id for each in list(self.admitted.values()))

    def no_longer_good(self) -> list[str]:
        """The sockets whose token has expired or whose session has ended."""
        present = list(self.admitted.values())
        if not present:
            return []
        ended = ended_sessions({each.actor.session_id for each in present})
        now = clock.now()
        return [
            each.sid
            for each in present
            if each.expires_at <= now or each.actor.session_id in ended
        ]

    def overstayed(self, strangers: Iterable[str], seconds: float) -> list[str]:
        """Those of `strangers` (not admitted) who have been here for more than `seconds`."""
        now = time.monotonic()
        seen = {sid: self._first_seen.get(sid, now) for sid in strangers}
        self._first_seen = seen
        return [sid for sid, since in seen.items() if now - since > seconds]
