"""What the loops behind the connections work on."""

from collections.abc import Iterable
from typing import Any, Protocol

from app.realtime.connection import Connection, Farewell
from app.realtime.connections import Connections
from app.realtime.feed import Feed
from app.realtime.presence import Presence


class Outlet(Protocol):
    """The connections, and the ways to reach and to end them.

    `server` gives background tasks and `sleep` in the way of the process, threads or greenlets.
    """

    server: Any
    connections: Connections
    feed: Feed
    presence: Presence

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and close its connection."""

    def is_backlogged(self, among: Iterable[Connection]) -> bool:
        """Whether somebody has as much waiting as one more batch would make too much."""

    def drop_slow(self, among: Iterable[Connection]) -> None:
        """Dismiss those who do not read what they are sent."""
