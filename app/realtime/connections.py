"""Who is connected to this process: counted, what they read, and until when."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from app.core import clock
from app.core.events import StreamName
from app.realtime.groups import Groups
from app.realtime.messages import Message
from app.realtime.meter import Meter
from app.realtime.views import OWN, View
from app.users.actor import Actor

UNAUTHENTICATED_SECONDS = 5.0
"""How long a connection may stay without showing a good token."""

UNAUTHENTICATED_PER_ADDRESS = 50
"""Fewer than SOCKETS_PER_ADDRESS: strangers cannot use up the places of an office."""

EVERYWHERE = "everywhere"
"""Where those stand who may hear of an event whatever stream it is in."""


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
    tells_tasks_alone: bool
    """Whether one's own streams tell of nothing but tasks; what is subscribed to tells of all."""

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
    With `follows_all` it hears all own streams without asking.
    `busy` names the kinds of request that are under way: polling takes one of each at a time.
    """

    id: str
    address: str
    adapter: Adapter
    line: Any = None
    follows_all: bool = True
    opened_at: float = field(default_factory=time.monotonic)
    meter: Meter = field(default_factory=lambda: Meter(rate=5, burst=50))
    busy: set[str] = field(default_factory=set)
    actor: Actor | None = None
    expires_at: datetime | None = None
    views: Mapping[str, View] = field(default_factory=dict)
    reads: frozenset[StreamName | str] = frozenset()
    """The streams of all views, and EVERYWHERE if one is so; kept by `Connections`."""

    @property
    def has_subscribed(self) -> bool:
        """Whether it hears anything because it asked for it."""
        return bool(self.views.keys() - {OWN})

    @property
    def is_overdue(self) -> bool:
        """Whether it has not shown a good token in time, or its token has expired."""
        if self.expires_at is not None:
            return self.expires_at <= clock.now()
        return time.monotonic() - self.opened_at > UNAUTHENTICATED_SECONDS


@dataclass(frozen=True)
class Bounds:
    """How many connections there may be."""

    per_process: int
    per_user: int
    per_address: int


class Connections:
    """The connections of this process: by id, user, address, and by the streams that they read.

    Nothing that is done for each connection or event looks at all of them.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_id: dict[str, Connection] = {}
        self._addresses, self._strangers = Groups[str, Connection](), Groups[str, Connection]()
        self._users = Groups[int, Connection]()
        self._readers = Groups[StreamName | str, Connection]()
        self._arrivals: dict[str, Meter] = {}
        self._lock = threading.Lock()

    def may_arrive(self, address: str) -> bool:
        """Whether `address` opens connections slowly enough; counts one.

        A closed connection leaves a little work behind, so their number alone is no bound.
        """
        return self._arrivals.setdefault(address, Meter(rate=20, burst=200)).allows()

    def has_room_for(self, address: str) -> bool:
        """Whether there may be one more connection, and one more of `address`."""
        return (
            len(self._by_id) < self._bounds.per_process
            and len(self._addresses.of(address)) < self._bounds.per_address
            and len(self._strangers.of(address)) < UNAUTHENTICATED_PER_ADDRESS
        )

    def add(self, connection: Connection) -> None:
        """Count a connection that has just been opened."""
        with self._lock:
            self._by_id[connection.id] = connection
            self._addresses.add(connection.address, connection)
            self._strangers.add(connection.address, connection)

    def remove(self, connection_id: str) -> None:
        """Forget a connection that has been closed."""
        with self._lock:
            connection = self._by_id.pop(connection_id, None)
            if connection is not None:
                self._leave(connection)
                self._addresses.discard(connection.address, connection)
                self._strangers.discard(connection.address, connection)

    def get(self, connection_id: str | None) -> Connection | None:
        """The open connection with that id, or None."""
        return self._by_id.get(connection_id) if connection_id else None

    def admit(self, connection: Connection, actor: Actor, expires_at: datetime) -> bool:
        """Note whose connection it is; False where that user has too many, or it is gone."""
        with self._lock:
            others = set(self._users.of(actor.id)) - {connection}
            is_open = self._by_id.get(connection.id) is connection
            if not is_open or len(others) >= self._bounds.per_user:
                return False
            # A Socket.IO client may sign out of a connection and in again as somebody else.
            self._leave(connection)
            self._strangers.discard(connection.address, connection)
            self._users.add(actor.id, connection)
            connection.actor, connection.expires_at, connection.views = actor, expires_at, {}
            return True

    def dispossess(self, connection: Connection) -> None:
        """Undo `admit`."""
        with self._lock:
            self._leave(connection)
            connection.actor, connection.expires_at, connection.views = None, None, {}
            if self._by_id.get(connection.id) is connection:
                self._strangers.add(connection.address, connection)

    def reseat(self, connection: Connection) -> None:
        """Note which streams an open connection reads; to be called when its views have changed."""
        with self._lock:
            is_open = self._by_id.get(connection.id) is connection
            self._seat(connection, _read_by(connection) if is_open else frozenset())

    def readers(self, stream: StreamName | str) -> Collection[Connection]:
        """Those who read `stream` now."""
        with self._lock:
            return list(self._readers.of(stream))

    def read_streams(self) -> set[StreamName | str]:
        """Every stream that somebody reads."""
        with self._lock:
            return self._readers.keys()

    def of_user(self, user_id: int) -> Collection[Connection]:
        """The connections of a user."""
        with self._lock:
            return list(self._users.of(user_id))

    def users(self) -> set[int]:
        """Whoever has a connection."""
        with self._lock:
            return self._users.keys()

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

    def _leave(self, connection: Connection) -> None:
        if connection.actor is not None:
            self._users.discard(connection.actor.id, connection)
        self._seat(connection, frozenset())

    def _seat(self, connection: Connection, reads: frozenset[StreamName | str]) -> None:
        for stream in connection.reads - reads:
            self._readers.discard(stream, connection)
        for stream in reads - connection.reads:
            self._readers.add(stream, connection)
        connection.reads = reads


def _read_by(connection: Connection) -> frozenset[StreamName | str]:
    views = connection.views.values()
    streams = {stream for view in views for stream in view.since}
    return frozenset({*streams, *(EVERYWHERE for view in views if view.everywhere)})
