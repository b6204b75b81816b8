"""The loop that follows the log; it runs only while somebody who is signed in is connected.

So it never runs in a process that serves no sockets (the command line, the workers, most tests),
and an idle server asks its database nothing.
"""

import logging
import threading
import time
from collections.abc import Collection

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.hints import NEW_POSITIONS, Hints
from app.extensions import db
from app.realtime import queries
from app.realtime.beacon import Beacon
from app.realtime.connections import Connection
from app.realtime.feed import Arrival
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
    """Tails the log and sends each event on; re-checks whose session has ended.

    Both in one loop, the re-check first: after the database was away, nothing is sent to anybody
    before it is known who may still hear it.
    """

    def __init__(self, app: Flask, outlet: Outlet) -> None:
        self._app, self._outlet = app, outlet
        self._lock = threading.Lock()
        self._is_running = False
        self._recheck, self._beacon = Recheck(outlet), Beacon(outlet)
        self._is_down = False
        self._hints = Hints(app, NEW_POSITIONS)

    def ensure_running(self) -> None:
        """Follow the log from its present end, unless it is followed already."""
        with self._lock:
            if self._is_running:
                return
            with Session(_engine()) as session:
                self._outlet.feed.begin(queries.last_position(session))
            self._recheck.begin(time.monotonic())
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
                self._recheck.do_due(time.monotonic())
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
