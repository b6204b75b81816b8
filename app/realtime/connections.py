"""Who is connected to this process: what is counted, what runs out, and whom to let go."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core import clock
from app.users.actor import Actor

UNAUTHENTICATED_SECONDS = 5.0
"""How long a connection may stay without showing a good token."""

UNAUTHENTICATED_PER_ADDRESS = 50
"""Fewer than SOCKETS_PER_ADDRESS: strangers cannot use up the places of an office."""

SOCKETS_PER_PROCESS = 1500
"""Below the server's `worker_connections`, so that sockets never take the last place from HTTP."""


class Meter:
    """A token bucket: `burst` at once, then `rate` per second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = float(burst), time.monotonic()

    def allows(self) -> bool:
        """Take one, if there is one."""
        self._refill()
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def is_full(self) -> bool:
        """Whether nothing was taken for so long that a new meter would be the same."""
        self._refill()
        return self._level >= self._burst

    def _refill(self) -> None:
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now


@dataclass(eq=False)
class Connection:
    """One Engine.IO session, with or without a signed-in user.

    `line` is the TCP socket where one belongs to it for good (WebSocket), else None (polling).
    `busy` names the kinds of request that are under way: polling takes one of each at a time.
    """

    eio_sid: str
    address: str
    line: Any = None
    opened_at: float = field(default_factory=time.monotonic)
    meter: Meter = field(default_factory=lambda: Meter(rate=5, burst=50))
    busy: set[str] = field(default_factory=set)
    sid: str | None = None
    actor: Actor | None = None
    expires_at: datetime | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether it has not shown a good token in time, or its token has expired."""
        if self.expires_at is not None:
            return self.expires_at <= clock.now()
        return time.monotonic() - self.opened_at > UNAUTHENTICATED_SECONDS


class Connections:
    """The connections of this process, by their Engine.IO session id."""

    def __init__(self, per_user: int, per_address: int) -> None:
        self._per_user, self._per_address = per_user, per_address
        self._by_id: dict[str, Connection] = {}
        self._arrivals: dict[str, Meter] = {}
        self._lock = threading.Lock()

    def has_room_for(self, address: str) -> bool:
        """Whether `address` may open one more connection now."""
        # A closed connection leaves a little work behind, so the rate is bounded too.
        arrivals = self._arrivals.setdefault(address, Meter(rate=20, burst=200))
        if not arrivals.allows() or len(self._by_id) >= SOCKETS_PER_PROCESS:
            return False
        same = [each for each in self.all() if each.address == address]
        strangers = sum(each.actor is None for each in same)
        return len(same) < self._per_address and strangers < UNAUTHENTICATED_PER_ADDRESS

    def add(self, connection: Connection) -> None:
        """Count a connection that has just been opened."""
        self._by_id[connection.eio_sid] = connection

    def remove(self, eio_sid: str) -> None:
        """Forget a connection that has been closed."""
        self._by_id.pop(eio_sid, None)

    def get(self, eio_sid: str | None) -> Connection | None:
        """The open connection with that id, or None."""
        return self._by_id.get(eio_sid) if eio_sid else None

    def admit(self, eio_sid: str, sid: str, actor: Actor, expires_at: datetime) -> bool:
        """Note whose connection it is; False where that user has too many, or it is gone."""
        with self._lock:
            connection = self._by_id.get(eio_sid)
            others = [
                each
                for each in self.admitted()
                if each is not connection and each.actor and each.actor.id == actor.id
            ]
            if connection is None or len(others) >= self._per_user:
                return False
            connection.sid, connection.actor, connection.expires_at = sid, actor, expires_at
            return True

    def all(self) -> list[Connection]:
        """Every open connection."""
        return list(self._by_id.values())

    def admitted(self) -> list[Connection]:
        """Those with a signed-in user."""
        return [each for each in self.all() if each.actor is not None]

    def forget_quiet_addresses(self) -> None:
        """Drop the meters that are full again: they would be made anew just so."""
        for address, meter in list(self._arrivals.items()):
            if meter.is_full:
                self._arrivals.pop(address, None)
