"""Where this process stands in the log, and the handing out of what comes next.

Every connection has heard all that it may hear up to the same place in the log. What a client has
missed is read up to that place, so a replay and what comes live meet without a gap and without
saying anything twice. While a connection is being answered it is held: what comes waits for it.
"""

import logging
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from app.core.events import StreamName
from app.realtime.connection import EVERYWHERE, Connection
from app.realtime.connections import Connections
from app.realtime.entries import Admission, Arrival, Entry, Told, admission
from app.realtime.messages import Message
from app.realtime.routing import route
from app.realtime.views import View

log = logging.getLogger(__name__)


@dataclass
class _Held:
    """What a connection is sent once it has been answered: what it missed, then what has come."""

    replay: list[tuple[str, Message]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)


class Feed:
    """Hands out the log to connections in its order; nothing here waits for a client."""

    def __init__(self, connections: Connections) -> None:
        self.position = 0
        self._connections = connections
        self._heads: dict[StreamName, int] = {}
        self._held: dict[Connection, _Held] = {}
        self._sent_to: set[Connection] = set()
        # What is handed out, who hears it and the position change together.
        self._lock = threading.RLock()

    def begin(self, position: int) -> None:
        """Stand at a place in the log; only while nobody hears anything."""
        with self._lock:
            self.position, self._heads = position, {}

    def hold(self, connection: Connection) -> int:
        """Let what comes from now on wait for a connection; the position up to which it is sent."""
        with self._lock:
            self._held.setdefault(connection, _Held())
            return self.position

    def join(
        self,
        connection: Connection,
        view: View,
        heads: Mapping[StreamName, int],
        replay: Iterable[tuple[str, Message]] = (),
    ) -> None:
        """Let a held connection hear a view of the log, in the place of one of the same name.

        `heads` says where its streams stood when it was held, `replay` what it missed.
        """
        with self._lock:
            for stream, head in heads.items():
                self._heads[stream] = max(head, self._heads.get(stream, 0))
            self._held[connection].replay += replay
            self._set_views(connection, {**connection.views, view.name: view})

    def leave(self, connection: Connection, name: str) -> None:
        """Undo `join`."""
        with self._lock:
            self._drop_views(connection, {name})

    def release(self, connection: Connection) -> None:
        """Send a held connection what waits for it; from then on it hears what comes at once."""
        with self._lock:
            held = self._held.pop(connection, None)
            if held is None:
                return
            for name, message in held.replay:
                self._send([connection], name, message)
            for arrival in held.arrivals:
                self._hand_out(arrival, {connection})

    def deliver(self, arrival: Arrival) -> None:
        """Send the event at the next position to whom it concerns."""
        entry = arrival.entry
        assert entry.record.position is not None
        with self._lock:
            for held in self._held.values():
                held.arrivals.append(arrival)
            self._heads.update(entry.places)
            self.position = entry.record.position
            self._hand_out(arrival, self._concerned(arrival) - self._held.keys())

    def shut_out(self, connection: Connection, stream: StreamName) -> None:
        """Let somebody hear nothing more of a stream; an administrator hears all."""
        if connection.actor is None or connection.actor.is_admin:
            return
        with self._lock:
            over = [name for name, view in connection.views.items() if view.home == stream]
            for view in connection.views.values():
                view.since.pop(stream, None)
            self._drop_views(connection, over)
            for name in over:
                self._send([connection], "unsubscribed", {"unsubscribed": name})

    def beacon(self, connections: Iterable[Connection]) -> None:
        """Tell connections up to where they have been sent all that they may hear, by stream."""
        with self._lock:
            for each in connections:
                if each.hears_beacon and each not in self._held:
                    # A client may know more already, from another process that is a little ahead.
                    heads = {
                        str(stream): max(place, self._heads.get(stream, 0))
                        for stream, place in each.since.items()
                    }
                    self._send([each], "head", {"action": "head", "heads": heads})

    def forget_unread(self) -> None:
        """Drop the heads of streams that nobody reads any more."""
        with self._lock:
            read = self._connections.read_streams()
            self._heads = {name: head for name, head in self._heads.items() if name in read}

    def take_sent_to(self) -> set[Connection]:
        """Those who were sent something since this was asked last."""
        with self._lock:
            taken, self._sent_to = self._sent_to, set()
            return taken

    def _concerned(self, arrival: Arrival) -> set[Connection]:
        """Whoever may have to hear of it, or is to be shut out because of it."""
        readers = self._connections.readers
        concerned = {each for stream in arrival.entry.places for each in readers(stream)}
        concerned.update(readers(EVERYWHERE))
        change = admission(arrival.entry.record)
        users = {told.user_id for told in arrival.told} | ({change.user_id} if change else set())
        return concerned.union(*(self._connections.of_user(id_) for id_ in users if id_))

    def _hand_out(self, arrival: Arrival, connections: Collection[Connection]) -> None:
        """One bad event must not hold back the others; it stays in the log."""
        try:
            self._tell(arrival, connections)
        except Exception:
            log.exception("Event %s could not be sent.", arrival.entry.record.event_id)

    def _tell(self, arrival: Arrival, connections: Collection[Connection]) -> None:
        entry, change = arrival.entry, admission(arrival.entry.record)
        # Whoever has left a project hears nothing that comes later, and of it only in the own
        # stream; everyone may read of the project's end, which tells nothing but its id.
        if change and change.user_id is not None:
            self._admit(change, connections, entry)
        for outgoing in route(entry, connections):
            self._send(outgoing.to, outgoing.name, outgoing.message)
        for told in arrival.told:
            hearers = [each for each in connections if _is_told(each, told)]
            self._send(hearers, told.name, told.message)
        if change and change.user_id is None:
            self._admit(change, connections, entry)

    def _admit(self, change: Admission, connections: Iterable[Connection], entry: Entry) -> None:
        for each in connections:
            if each.actor is None or change.user_id not in (None, each.actor.id):
                continue
            if not change.enters:
                self.shut_out(each, change.stream)
            elif change.stream in entry.places:
                for view in each.views.values():
                    if view.grows:
                        view.since.setdefault(change.stream, entry.places[change.stream] - 1)
                self._connections.reseat(each)

    def _drop_views(self, connection: Connection, names: Collection[str]) -> None:
        kept = {name: view for name, view in connection.views.items() if name not in names}
        self._set_views(connection, kept)

    def _set_views(self, connection: Connection, views: Mapping[str, View]) -> None:
        connection.views = views
        self._connections.reseat(connection)

    def _send(self, to: Collection[Connection], name: str, message: Message) -> None:
        self._sent_to.update(to)
        for adapter in {each.adapter for each in to}:
            adapter.send([each for each in to if each.adapter is adapter], name, message)


def _is_told(connection: Connection, told: Told) -> bool:
    """Whether a connection hears what is new in somebody's inbox: nobody else listens in on it."""
    own = StreamName.of_user(told.user_id)
    is_own = connection.actor is not None and connection.actor.id == told.user_id
    return is_own and any(view.is_whole(own) for view in connection.views.values())
