"""Who is connected to this process: counted, and found by what they read."""

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.events import StreamName
from app.realtime.connection import EVERYWHERE, Connection
from app.realtime.groups import Groups
from app.realtime.meter import Meter
from app.users.actor import Actor

UNAUTHENTICATED_PER_ADDRESS = 50
"""Fewer than SOCKETS_PER_ADDRESS: strangers cannot use up the places of an office."""

TIDY_SECONDS = 1.0


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
        self._tidied_at = 0.0
        self._lock = threading.Lock()

    def may_arrive(self, address: str) -> bool:
        """Whether `address` opens connections slowly enough; counts one.

        A closed connection leaves a little work behind, so their number alone is no bound.
        """
        with self._lock:
            return self._meter_of(address).allows()

    def has_room_for(self, address: str) -> bool:
        """Whether there may be one more connection, and one more of `address`."""
        with self._lock:
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
            if not self._is_open(connection) or len(others) >= self._bounds.per_user:
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
            if self._is_open(connection):
                self._strangers.add(connection.address, connection)

    def reseat(self, connection: Connection) -> None:
        """Note which streams an open connection reads; to be called when its views have changed."""
        with self._lock:
            reads: set[StreamName | str] = {*connection.since}
            if connection.is_everywhere:
                reads.add(EVERYWHERE)
            self._seat(connection, frozenset(reads if self._is_open(connection) else ()))

    def readers(self, stream: StreamName | str) -> Collection[Connection]:
        """Those who read `stream` now."""
        with self._lock:
            return list(self._readers.of(stream))

    def read_streams(self) -> set[StreamName | str]:
        """Every stream that somebody reads."""
        with self._lock:
            return set(self._readers)

    def members(self, among: Iterable[Connection]) -> set[tuple[Connection, StreamName]]:
        """Who reads the stream of a project by being a member of it, with that stream."""
        with self._lock:
            return {
                (connection, stream)
                for connection in among
                if connection.actor is not None and not connection.actor.is_admin
                for stream in connection.reads
                if isinstance(stream, StreamName) and stream.kind == "project"
            }

    def of_user(self, user_id: int) -> Collection[Connection]:
        """The connections of a user."""
        with self._lock:
            return list(self._users.of(user_id))

    def users(self) -> set[int]:
        """Whoever has a connection."""
        with self._lock:
            return set(self._users)

    def all(self) -> list[Connection]:
        """Every open connection."""
        return list(self._by_id.values())

    def admitted(self) -> list[Connection]:
        """Those with a signed-in user."""
        return [each for each in self.all() if each.actor is not None]

    def _is_open(self, connection: Connection) -> bool:
        return self._by_id.get(connection.id) is connection

    def _meter_of(self, address: str) -> Meter:
        """How often `address` has come lately; meters that are full again would be made anew so."""
        now = time.monotonic()
        if now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            known = self._arrivals.items()
            self._arrivals = {each: meter for each, meter in known if not meter.is_full}
        return self._arrivals.setdefault(address, Meter(rate=20, burst=200))

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
