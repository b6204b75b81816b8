"""Who is connected to this process: counted, in which rooms, and until when."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from app.core import clock
from app.realtime.messages import Message
from app.realtime.meter import Meter
from app.users.actor import Actor

UNAUTHENTICATED_SECONDS = 5.0
"""How long a connection may stay without showing a good token."""

UNAUTHENTICATED_PER_ADDRESS = 50
"""Fewer than SOCKETS_PER_ADDRESS: strangers cannot use up the places of an office."""

SOCKETS_PER_PROCESS = int(os.environ.get("SOCKETS_PER_PROCESS", "1500"))
"""Below the server's `worker_connections`, so that sockets never take the last place from HTTP."""


class Farewell(Enum):
    """Why a connection is ended by the server: the close code of a WebSocket, and its reason."""

    UNAUTHENTICATED = (4401, "No good access token, or not one any longer.")
    TOO_SLOW = (4408, "You read more slowly than messages come.")
    TOO_MANY = (4429, "This user has too many connections already.")
    MISBEHAVED = (1008, "Too many messages, or none that this service understands.")
    UNAVAILABLE = (1013, "The service cannot check the token now. Try again later.")
    FAILED = (1011, "Something went wrong here.")
    CLOSED = (1000, "Good-bye.")


class Adapter(Protocol):
    """How the connections of one `kind` are told something, and how they are ended."""

    kind: str

    def send(self, to: Sequence["Connection"], name: str, message: Message) -> None:
        """Send the message of an event; never waits for a client."""

    def dismiss(self, connection: "Connection", why: Farewell) -> None:
        """Tell a client to go, and close its connection; never waits for the client."""

    def queued(self, connection: "Connection") -> int:
        """How many messages wait for being read by the client."""


@dataclass(eq=False)
class Connection:
    """One open connection, with or without a signed-in user; `id` is its adapter's name for it.

    `line` is the TCP socket where one belongs to it for good (WebSocket), else None (polling).
    `busy` names the kinds of request that are under way: polling takes one of each at a time.
    """

    id: str
    address: str
    adapter: Adapter
    line: Any = None
    opened_at: float = field(default_factory=time.monotonic)
    meter: Meter = field(default_factory=lambda: Meter(rate=5, burst=50))
    busy: set[str] = field(default_factory=set)
    actor: Actor | None = None
    expires_at: datetime | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether it has not shown a good token in time, or its token has expired."""
        if self.expires_at is not None:
            return self.expires_at <= clock.now()
        return time.monotonic() - self.opened_at > UNAUTHENTICATED_SECONDS


class Connections:
    """The connections of this process, by their id, and who of them is in which room."""

    def __init__(self, per_user: int, per_address: int) -> None:
        self._per_user, self._per_address = per_user, per_address
        self._by_id: dict[str, Connection] = {}
        self._rooms: dict[str, set[Connection]] = {}
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
        self._by_id[connection.id] = connection

    def remove(self, connection_id: str) -> None:
        """Forget a connection that has been closed."""
        with self._lock:
            connection = self._by_id.pop(connection_id, None)
            if connection is not None:
                self._leave_all(connection)

    def get(self, connection_id: str | None) -> Connection | None:
        """The open connection with that id, or None."""
        return self._by_id.get(connection_id) if connection_id else None

    def admit(self, connection: Connection, actor: Actor, expires_at: datetime) -> bool:
        """Note whose connection it is; False where that user has too many, or it is gone."""
        with self._lock:
            others = [
                each
                for each in self.admitted()
                if each is not connection and each.actor and each.actor.id == actor.id
            ]
            if self._by_id.get(connection.id) is not connection or len(others) >= self._per_user:
                return False
            # A Socket.IO client may sign out of a connection and in again as somebody else.
            self._leave_all(connection)
            connection.actor, connection.expires_at = actor, expires_at
            return True

    def enter(self, connection: Connection, room: str) -> None:
        """Let an open connection hear what is sent to `room`."""
        with self._lock:
            if self._by_id.get(connection.id) is connection:
                self._rooms.setdefault(room, set()).add(connection)

    def leave(self, connection: Connection, room: str) -> None:
        """Undo `enter`."""
        with self._lock:
            self._leave(connection, room)

    def members(self, room: str) -> set[Connection]:
        """Those who are in `room` now."""
        with self._lock:
            return set(self._rooms.get(room, ()))

    def rooms(self) -> list[str]:
        """Every room that somebody is in."""
        with self._lock:
            return list(self._rooms)

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

    def _leave_all(self, connection: Connection) -> None:
        for room in list(self._rooms):
            self._leave(connection, room)

    def _leave(self, connection: Connection, room: str) -> None:
        members = self._rooms.get(room, set())
        members.discard(connection)
        if not members:
            self._rooms.pop(room, None)
