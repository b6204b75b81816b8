"""Ringing: telling the workers of what is due.

It has a thread of its own, because a broker that hangs holds a call for seconds, and the positions
that the sockets follow must not wait for that.
"""

import logging
import threading
from contextlib import suppress
from itertools import compress
from typing import Any

from celery import Celery
from flask import Flask
from kombu.connection import Connection
from kombu.exceptions import ChannelError, KombuError
from redis import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import unit_of_work
from workers.doorbells import DOORBELLS, Doorbell

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
RECOVERY_PAUSE_SECONDS = 1.0
STANDBY_PAUSE_SECONDS = 0.2
BATCH = 200
MAX_WAITING = 1000
"""Messages in one queue. The backlog stays in PostgreSQL: were all of it in Redis, what waits
longer than the doorbell's patience would be rung again and again into an ever longer queue."""

# A hung broker is noticed soon, and nothing is tried twice: the next round is the second try.
_IMPATIENT = {
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "max_retries": 1,
    "interval_start": 0,
}
# All in one query: it is asked twenty times a second, and mostly in vain.
_WHAT_IS_DUE = select(*(bell.any_due for bell in DOORBELLS))
_BROKER_ERRORS = (KombuError, RedisError, OSError)


class Bell:
    """Rings while its relay is the one at work."""

    def __init__(self, app: Flask, celery: Celery) -> None:
        self._app = app
        self._celery = celery
        self._connection: Connection | None = None
        self._is_down = False

    def run(self, stopping: threading.Event, at_work: threading.Event) -> None:
        """Ring until `stopping` is set, whenever `at_work` is; survives the loss of any server."""
        while not stopping.is_set():
            pause = STANDBY_PAUSE_SECONDS
            if at_work.is_set():
                with self._app.app_context():
                    pause = self._ring_safely()
            stopping.wait(pause)

    def ring(self) -> int:
        """Ring for what is due, as far as the queues have room; returns for how many.

        Raises kombu's, redis-py's and SQLAlchemy's errors.
        """
        with unit_of_work() as session:
            due = session.execute(_WHAT_IS_DUE).one()
        # The broker is asked only where something is due.
        return sum(self._ring_for(bell) for bell in compress(DOORBELLS, due))

    def close(self) -> None:
        """Drop the connection to the broker."""
        connection: Any = self._connection
        self._connection = None
        if connection is not None:
            with suppress(*_BROKER_ERRORS):
                connection.release()

    def _ring_safely(self) -> float:
        """Ring; returns the seconds to wait until the next round."""
        try:
            rung = self.ring()
        except _BROKER_ERRORS as error:
            self.close()
            if not self._is_down:
                log.error("The broker does not answer; deliveries wait: %s", error)
            self._is_down = True
            return RECOVERY_PAUSE_SECONDS
        except SQLAlchemyError as error:
            # The relay says so too, aloud: it is the same database.
            log.debug("No database: %s", error)
            return RECOVERY_PAUSE_SECONDS
        except Exception:
            # A mistake of ours; the events must go on, and what is due stays due.
            log.exception("Ringing failed.")
            self.close()
            return RECOVERY_PAUSE_SECONDS
        if self._is_down:
            log.info("The broker answers again.")
        self._is_down = False
        return 0.0 if rung >= BATCH else PAUSE_SECONDS

    def _ring_for(self, bell: Doorbell) -> int:
        # The broker is asked first, so that nothing is marked as rung while it is away.
        room = MAX_WAITING - self._waiting_in(bell.queue)
        if room <= 0:
            return 0
        with unit_of_work() as session:
            due = bell.take_due(session, min(room, BATCH))
        for row_id in due:
            self._celery.send_task(
                bell.job, args=[row_id], queue=bell.queue, connection=self._broker(), retry=False
            )
        return len(due)

    def _waiting_in(self, queue: str) -> int:
        try:
            channel: Any = self._broker().default_channel
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except ChannelError:
            return 0  # Redis has no empty lists, so an empty queue is one that is not there.

    def _broker(self) -> Connection:
        if self._connection is None:
            self._connection = self._celery.connection_for_write(
                connect_timeout=1, transport_options=_IMPATIENT
            )
        return self._connection
