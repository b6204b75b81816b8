"""The loop that follows the log; it runs only while somebody who is signed in is connected.

So it never runs in a process that serves no sockets (the command line, the workers, most tests),
and an idle server asks its database nothing.
"""

import logging
import time
from collections.abc import Collection

from flask import Flask
from psycopg2 import Error as DriverError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.hints import NEW_POSITIONS, Hints
from app.extensions import db
from app.realtime import queries
from app.realtime.beacon import Beacon
from app.realtime.connection import Connection
from app.realtime.entries import Arrival
from app.realtime.loop import Loop
from app.realtime.outlet import Outlet
from app.realtime.recheck import Recheck

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""How long it does without a hint of new positions."""

LULL_SECONDS = 0.01
"""Between two steps, so that what comes in quick succession goes together."""

RECOVERY_SECONDS = 0.5
PATIENCE_SECONDS = 1.0


class Follower:
    """Reads what is new in the log and sends each event on.

    The recheck is part of the same loop and comes first: after the database was away, nothing is
    sent to anybody before it is known who may still hear it.
    """

    def __init__(self, app: Flask, outlet: Outlet) -> None:
        self._app, self._outlet = app, outlet
        self._recheck, self._beacon = Recheck(outlet), Beacon(outlet)
        self._hints = Hints(app, NEW_POSITIONS)
        self.loop = Loop(
            outlet.server, self.step, self._is_needed, begin=self._begin, pause=self._pause
        )
        self._is_down = False

    def step(self) -> float:
        """Do what is due; the seconds to wait until the next step."""
        # In an outage as well: who hears no beacon takes the line for dead and comes anew.
        self._beacon.send_when_due(time.monotonic())
        try:
            with self._app.app_context():
                self._recheck.ask_when_due(time.monotonic())
                sent = self._send_new()
        # The driver's own comes where the database goes away while a connection is given back.
        except (SQLAlchemyError, DriverError) as error:
            if not self._is_down:
                log.error("No database; sockets wait and lose nothing: %s", error)
            self._is_down = True
            return RECOVERY_SECONDS
        self._is_down = False
        sent_to = self._outlet.feed.take_sent_to()
        self._outlet.drop_slow(sent_to)
        if sent < queries.BATCH:
            return POLL_SECONDS
        self._let_clients_read(sent_to)
        return 0

    def _is_needed(self) -> bool:
        return bool(self._outlet.connections.admitted())

    def _begin(self) -> None:
        """Stand at the present end of the log."""
        with Session(_engine()) as session:
            self._outlet.feed.begin(queries.last_position(session))

    def _pause(self, seconds: float) -> None:
        self._outlet.server.sleep(min(seconds, LULL_SECONDS))
        if seconds:
            self._hints.wait(seconds)

    def _send_new(self) -> int:
        with Session(_engine()) as session:
            entries = queries.entries_after(session, self._outlet.feed.position)
            told = queries.told_of(session, entries, self._outlet.connections.users())
        for entry in entries:
            self._outlet.feed.deliver(Arrival(entry, told.get(entry.record.id, ())))
            self._outlet.presence.heed(entry.record)
        return len(entries)

    def _let_clients_read(self, sent_to: Collection[Connection]) -> None:
        """In a burst, wait for the slower clients, but not for long: a stuck one delays nobody."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._outlet.is_backlogged(sent_to) and time.monotonic() < until:
            self._outlet.server.sleep(POLL_SECONDS / 5)


def _engine() -> Engine:
    """The database without transactions: a poll is one statement, and most find nothing."""
    return db.engine.execution_options(isolation_level="AUTOCOMMIT")
