"""Bare WebSockets over the switchboard: each message is one JSON text."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Queue
from typing import Any

from simple_websocket import ConnectionClosed
from wsproto.utilities import ProtocolError

from app.realtime.connection import Connection, Farewell
from app.realtime.messages import Message
from app.realtime.websocket import BoundedWebSocket


class RawSession:
    """What one bare WebSocket is sent: it waits in line, and one greenlet or thread writes it."""

    def __init__(self) -> None:
        self.is_ending = False
        self._outbox: Queue[str | Farewell | None] = Queue()
        """Texts; None is a ping."""

    def say(self, message: Mapping[str, Any]) -> None:
        """Queue one message."""
        self.put(_as_text(message))

    def put(self, text: str) -> None:
        """Queue one message that is a text already."""
        if not self.is_ending:
            self._outbox.put(text)

    def ping(self) -> None:
        """Queue a ping."""
        self._outbox.put(None)

    def end(self, why: Farewell) -> None:
        """Close the connection after what is queued."""
        self.is_ending = True
        self._outbox.put(why)

    def queued(self) -> int:
        """How many messages wait."""
        return self._outbox.qsize()

    def write_to(self, socket: BoundedWebSocket) -> None:
        """Send what is queued until the end, or until the client is gone."""
        with suppress(OSError, ConnectionClosed, ProtocolError):
            while not isinstance(item := self._outbox.get(), Farewell):
                if item is None:
                    socket.ping()
                else:
                    socket.send(item)
            socket.close(*item.value)


class RawAdapter:
    """The open bare WebSockets of an application."""

    kind = "websocket"
    tells_tasks_alone = True

    def __init__(self) -> None:
        self._sessions: dict[str, RawSession] = {}

    def open(self, connection: Connection) -> RawSession:
        """Begin to queue what `connection` is sent."""
        session = self._sessions[connection.id] = RawSession()
        return session

    def close(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._sessions.pop(connection.id).end(Farewell.CLOSED)

    def send(self, to: Sequence[Connection], _name: str, message: Message) -> None:
        """Send one message, made into text once."""
        text = _as_text(message)
        for session in filter(None, [self._sessions.get(each.id) for each in to]):
            session.put(text)

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and close its connection."""
        session = self._sessions.get(connection.id)
        if session is not None:
            session.end(why)

    def queued(self, connection: Connection) -> int:
        """How many messages wait for being read by the client."""
        session = self._sessions.get(connection.id)
        return session.queued() if session is not None else 0

    def ping(self, connection: Connection) -> None:
        """Make a client say that it is there."""
        session = self._sessions.get(connection.id)
        if session is not None:
            session.ping()


def _as_text(message: Mapping[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))
