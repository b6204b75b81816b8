"""The loop that follows the log; it runs only while somebody who is signed in is connected.

So it never runs in a process that serves no sockets (the command line, the workers, most tests),
and an idle server asks its database nothing.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.auth.queries import ended_sessions
from app.core.events import StreamName
from app.core.hints import NEW_POSITIONS, Hints
from app.core.many import is_among
from app.extensions import db
from app.projects.models import ProjectMember
from app.realtime import queries
from app.realtime.beacon import Beacon
from app.realtime.connections import Connection, Farewell
from app.realtime.feed import Arrival
from app.realtime.outlet import Outlet
from app.users.models import User

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""How long it does without a hint of new positions."""

LULL_SECONDS = 0.01
"""Between two steps, so that what comes in quick succession goes together."""

RECOVERY_SECONDS = 0.5
RECHECK_SECONDS = 2.0
PATIENCE_SECONDS = 1.0


class Follower:
    """Tails the log and sends each event on; re-checks whose session has ended.

    Both in one loop, the re-check first: after the database was away, nothing is sent to anybody
    before it is known who may still hear it.
    """

    def __init__(self, app: Flask, outlet: Outlet) -> None:
        self._app, self._outlet = app, outlet
        self._lock = threading.Lock()
        self._is_running = False
        self._checked_at = 0.0
        self._outsiders: set[tuple[Connection, StreamName]] = set()
        self._beacon = Beacon(outlet)
        self._is_down = False
        self._hints = Hints(app, NEW_POSITIONS)

    def ensure_running(self) -> None:
        """Follow the log from its present end, unless it is followed already."""
        with self._lock:
            if self._is_running:
                return
            with Session(_engine()) as session:
                self._outlet.feed.begin(queries.last_position(session))
            self._checked_at = time.monotonic()
            self._is_running = True
        self._hints.start()
        self._outlet.server.start_background_task(self._run)

    def _run(self) -> None:
        while self._is_needed():
            pause = self.step()
            self._outlet.server.sleep(min(pause, LULL_SECONDS))
            if pause:
                self._hints.wait(pause)

    def _is_needed(self) -> bool:
        with self._lock:
            self._is_running = bool(self._outlet.connections.admitted())
            if not self._is_running:
                self._hints.stop()
            return self._is_running

    def step(self) -> float:
        """Do what is due; the seconds to wait until the next step."""
        try:
            with self._app.app_context():
                self._recheck_when_due()
                sent = self._send_new()
            self._beacon.send_when_due(time.monotonic())
        except SQLAlchemyError as error:
            if not self._is_down:
                log.error("No database; sockets wait and lose nothing: %s", error)
            self._is_down = True
            return RECOVERY_SECONDS
        except Exception:
            log.exception("The log could not be followed; trying again.")
            return RECOVERY_SECONDS
        self._is_down = False
        sent_to = self._outlet.feed.take_sent_to()
        self._outlet.drop_slow(sent_to)
        if sent < queries.BATCH:
            return POLL_SECONDS
        self._let_clients_read(sent_to)
        return 0

    def _recheck_when_due(self) -> None:
        if time.monotonic() - self._checked_at < RECHECK_SECONDS:
            return
        for connection in _no_longer_welcome(self._outlet.connections.admitted()):
            self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        looks = self._outlet.presence.looks()
        memberships = _memberships(self._outlet.connections.admitted())
        self._shut_out(memberships)
        self._outlet.presence.keep_to(memberships, looks)
        self._checked_at = time.monotonic()

    def _shut_out(self, memberships: Collection[tuple[int, int]]) -> None:
        """Shut out whose membership has vanished without an event.

        That is, who was none at the last check either: an event is on its way for a moment, and
        what came before it in the log is still to be heard.
        """
        outsiders = {
            (connection, stream)
            for connection, stream in self._outlet.feed.readers_of_projects()
            if connection.actor and (connection.actor.id, stream.ref_id) not in memberships
        }
        self._outlet.feed.shut_out(outsiders & self._outsiders)
        self._outsiders = outsiders

    def _send_new(self) -> int:
        with Session(_engine()) as session:
            entries = queries.entries_after(session, self._outlet.feed.position)
            told = queries.told_of(session, entries, self._outlet.connections.users())
        for entry in entries:
            self._send(Arrival(entry, told.get(entry.record.id, ())))
        return len(entries)

    def _let_clients_read(self, sent_to: Collection[Connection]) -> None:
        """In a burst, wait for the slower clients, but not for long: a stuck one delays nobody."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._outlet.is_backlogged(sent_to) and time.monotonic() < until:
            self._outlet.server.sleep(POLL_SECONDS / 5)

    def _send(self, arrival: Arrival) -> None:
        record = arrival.entry.record
        assert record.position is not None  # that is how it was found
        try:
            self._outlet.presence.heed(record)
            self._outlet.feed.deliver(arrival, record.position)
        except Exception:
            # One bad event must not hold back everybody's; it stays in the log.
            log.exception("Event %s could not be sent.", record.event_id)


def _engine() -> Engine:
    """The database without transactions: a poll is one statement, and most find nothing."""
    return db.engine.execution_options(isolation_level="AUTOCOMMIT")


def _memberships(connections: Iterable[Connection]) -> set[tuple[int, int]]:
    """The memberships of everyone who is connected, as (user, project)."""
    users = {each.actor.id for each in connections if each.actor}
    rows = db.session.execute(
        select(ProjectMember.user_id, ProjectMember.project_id).where(
            is_among(ProjectMember.user_id, users)
        )
    )
    return {(user_id, project_id) for user_id, project_id in rows}


def _no_longer_welcome(connections: list[Connection]) -> list[Connection]:
    """Those whose session has ended or whose role has changed (and with it the rooms)."""
    by_session = {each.actor.session_id: each for each in connections if each.actor}
    if not by_session:
        return []
    ended = ended_sessions(by_session.keys())
    users = {each.actor.id for each in connections if each.actor}
    rows = db.session.execute(select(User.id, User.role).where(is_among(User.id, users)))
    roles = dict(iter(rows))
    return [
        each
        for each in connections
        if each.actor
        and (each.actor.session_id in ended or roles.get(each.actor.id) != each.actor.role)
    ]
