"""One client: how it is reached, whose it is, what it hears, and until when."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from app.core import clock
from app.core.events import StreamName
from app.realtime.messages import Message
from app.realtime.meter import Meter
from app.realtime.views import OWN, View
from app.users.actor import Actor

UNAUTHENTICATED_SECONDS = 5.0
"""How long a connection may stay without showing a good token."""

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

    def ping(self, connection: "Connection") -> None:
        """Make a client say that it is there; who does not is hung up on after a while."""


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
    pinged_at: float = field(default_factory=time.monotonic)
    meter: Meter = field(default_factory=lambda: Meter(rate=5, burst=50))
    busy: set[str] = field(default_factory=set)
    actor: Actor | None = None
    expires_at: datetime | None = None
    views: Mapping[str, View] = field(default_factory=dict)
    reads: frozenset[StreamName | str] = frozenset()
    """The streams of all views, and EVERYWHERE if one is so; kept by `Connections`."""

    @property
    def hears_beacon(self) -> bool:
        """Whether it is told how far it has been sent: always, or once it has subscribed."""
        return not self.adapter.tells_tasks_alone or bool(self.views.keys() - {OWN})

    @property
    def since(self) -> Mapping[StreamName, int]:
        """The streams of all views, each with the last place after which one of them hears it."""
        found: dict[StreamName, int] = {}
        for view in self.views.values():
            for stream, place in view.since.items():
                found[stream] = max(place, found.get(stream, 0))
        return found

    @property
    def is_everywhere(self) -> bool:
        """Whether it may hear of an event whatever stream it is in."""
        return any(view.everywhere for view in self.views.values())

    @property
    def is_overdue(self) -> bool:
        """Whether it has not shown a good token in time, or its token has expired."""
        if self.expires_at is not None:
            return self.expires_at <= clock.now()
        return time.monotonic() - self.opened_at > UNAUTHENTICATED_SECONDS
