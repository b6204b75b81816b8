"""The hub: follows the log and says of each event who is told what. Knows no transport.

It reads the events after the last position it has told, twenty times a second, so sockets depend on
PostgreSQL alone: while Redis is down nothing is lost or doubled.
"""

import logging
import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.events import StreamName
from app.extensions import db
from app.realtime.messages import ACTIONS, Message, message_for, message_for_admins
from app.realtime.queries import LogEntry, entries_after, last_position

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
RECOVERY_SECONDS = 1.0
ADMIN_ROOM = "admin:all"

Send = Callable[[Message, str], None]
"""Sends a message to everyone in a room."""


class Hub:
    """Follows the log in one background task of a process that serves sockets."""

    def __init__(
        self, app: Flask, send: Send, spawn: Callable[..., object], sleep: Callable[[float], object]
    ) -> None:
        self.app, self.send, self.spawn, self.sleep = app, send, spawn, sleep
        self.position: int | None = None
        self._lock = threading.Lock()

    def ensure_running(self) -> None:
        """Start to follow the log from here; what happens after this call is told."""
        with self._lock:
            if self.position is None:
                with Session(db.engine) as session:
                    self.position = last_position(session)
                self.spawn(self._follow)

    def _follow(self) -> None:
        down = False
        while True:
            try:
                self.tell_news()
                down = False
            except SQLAlchemyError as error:
                if not down:
                    log.error("The sockets lost the log and try again: %s", error)
                down = True
            self.sleep(RECOVERY_SECONDS if down else POLL_SECONDS)

    def tell_news(self) -> None:
        """Tell everything after the last position told."""
        with self.app.app_context(), Session(db.engine, expire_on_commit=False) as session:
            entries = entries_after(session, self.position or 0)
        for entry in entries:
            try:
                self._tell(entry)
            except Exception:
                # A message that cannot be built must not stop all that come after it.
                log.exception("Event %s could not be told", entry.record.event_id)
            self.position = entry.record.position

    def _tell(self, entry: LogEntry) -> None:
        if entry.record.type not in ACTIONS:
            return
        for stream, seq in entry.places:
            self.send(message_for(entry.record, stream, seq), str(stream))
        if entry.places:
            first, seq = entry.places[0]
            self.send(message_for_admins(entry.record, first, seq), ADMIN_ROOM)


def parse_stream(text: object) -> StreamName | None:
    """`user:5` → its name; None for anything else."""
    kind, _, number = text.partition(":") if isinstance(text, str) else ("", "", "")
    if kind != "user" or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return StreamName(kind, int(number))
