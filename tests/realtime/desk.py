"""The hub without any socket: connections that keep what they are sent, and a log moved by hand."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from flask import Flask

from app.core.db import unit_of_work
from app.realtime.connection import Connection, Farewell
from app.realtime.connections import Bounds, Connections
from app.realtime.credentials import given_token
from app.realtime.presence import Presence
from app.realtime.presence_store import PresenceStore
from app.realtime.requests import REQUESTS
from app.realtime.switchboard import Switchboard
from tests.realtime.conftest import POSITION

ROOMY = Bounds(per_process=1000, per_user=1000, per_address=1000)
_numbers = count(1)


class Idle:
    """Starts no loops: the tests take each step themselves."""

    def start_background_task(self, *_work: Any) -> None:
        pass

    def sleep(self, _seconds: float) -> None:
        pass


class Shelf:
    """A way of sending that keeps everything, by connection."""

    kind = "shelf"

    def __init__(self, *, tells_tasks_alone: bool = False) -> None:
        self.tells_tasks_alone = tells_tasks_alone
        self.kept: dict[Connection, list[tuple[str, dict[str, Any]]]] = {}
        self.dismissed: dict[Connection, Farewell] = {}
        self.pinged: list[Connection] = []
        self.waiting = 0

    def send(self, to: Sequence[Connection], name: str, message: dict[str, Any]) -> None:
        for each in to:
            self.kept.setdefault(each, []).append((name, message))

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        self.dismissed[connection] = why

    def queued(self, _connection: Connection) -> int:
        return self.waiting

    def ping(self, connection: Connection) -> None:
        self.pinged.append(connection)


class Client:
    """One connection and what it has heard."""

    def __init__(self, desk: "Desk", connection: Connection, shelf: Shelf) -> None:
        self.desk, self.connection, self._shelf = desk, connection, shelf

    def ask(self, name: str, **asked: Any) -> dict[str, Any]:
        """Ask for something, and have it answered."""
        try:
            return self.ask_held(name, **asked)
        finally:
            self.desk.switchboard.release(self.connection)

    def ask_held(self, name: str, **asked: Any) -> dict[str, Any]:
        """Ask for something whose answer is still on its way."""
        with self.desk.app.app_context():
            return dict(REQUESTS[name](self.desk.switchboard, self.connection, asked))

    def follow(self, stream: str, last_seq: Any = None) -> dict[str, Any]:
        return self.ask("subscribe", stream=stream, last_seq=last_seq)

    def hear(self) -> list[tuple[str, dict[str, Any]]]:
        """What it was sent since it was asked last, once the log has been sent on; no beacons."""
        self.desk.advance()
        return self.take()

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What it was sent since it was asked last; no beacons."""
        return [sent for sent in self._shelf.kept.pop(self.connection, []) if sent[0] != "head"]

    def beacon(self) -> dict[str, Any]:
        """What its turn of the beacon tells it."""
        self._shelf.kept.pop(self.connection, None)
        self.desk.switchboard.feed.beacon([self.connection])
        ((name, message),) = self._shelf.kept.pop(self.connection, [("", {})])
        assert name in ("", "head")
        return message

    def heard_names(self) -> list[str]:
        return [name for name, _ in self.hear()]


class Desk:
    """A switchboard with clients."""

    def __init__(self, app: Flask, server: Idle | None = None) -> None:
        self.app = app
        self.shelf, self.raw_shelf = Shelf(), Shelf(tells_tasks_alone=True)
        connections, server = Connections(ROOMY), server or Idle()
        store = PresenceStore(app.config["SETTINGS"].CACHE_REDIS_URL)
        presence = Presence(server, connections, store)
        self.switchboard = Switchboard(app, server, connections, presence)

    def connect(self, person: Any, *, follow: str = "none", raw: bool = False) -> Client:
        """Sign somebody in, after all that has happened so far."""
        self.advance()
        shelf = self.raw_shelf if raw else self.shelf
        connection = Connection(
            f"c{next(_numbers)}", "192.0.2.1", shelf, follows_all=follow == "all"
        )
        self.switchboard.open(connection)
        with self.app.app_context():
            self.switchboard.sign_in(connection, given_token(person.access))
        self.switchboard.release(connection)
        return Client(self, connection, shelf)

    def relay(self) -> None:
        with self.app.app_context(), unit_of_work() as session:
            session.execute(POSITION)

    def step(self) -> None:
        """Send on what has a position."""
        self.switchboard.follower.step()

    def advance(self) -> None:
        """Give positions to what happened, and send it on."""
        self.relay()
        self.step()
