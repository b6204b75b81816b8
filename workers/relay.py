"""The relay: carries every committed event on to those who follow from it.

One relay works at a time (it holds an advisory lock on its own connection); others stand by. Each
round it gives the new events their positions in the log and notes what they oblige to, in one
transaction; then it repeats the cache invalidation, since the writer may have died before it; then
it tells the workers of deliveries that are due. Run as `python -m workers.relay`.
"""

import logging
import signal
import threading
from collections.abc import Sequence

from flask import Flask
from kombu.exceptions import OperationalError as BrokerDown
from redis import RedisError
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import cache, deliveries
from app.core.events import DeliverTo, EventRecord, reactions_to
from app.extensions import db
from app.notifications.channels import JOBS_BY_CHANNEL
from workers.celery_app import celery_app, flask_app

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
RECOVERY_PAUSE_SECONDS = 1.0
BATCH = 500


class Relay:
    """The loop, and the one connection on which both the lock and the work live.

    The lock and the work share a connection, so a relay that loses its database loses both at
    once, and a standby that gets the lock can be sure that nobody else is half-way through.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.stopping = threading.Event()
        # What happened before this process began may not have been invalidated.
        self.cache_is_suspect = True

    def run(self) -> None:
        """Work until `stopping` is set; survives the loss of PostgreSQL and of Redis."""
        down = False
        while not self.stopping.is_set():
            try:
                with self.app.app_context(), db.engine.connect() as connection:
                    # Closing it then really ends the session, and with it the lock.
                    connection.detach()
                    if _is_ours(connection):
                        log.info("The relay is at work.")
                        down = False
                        self._work(connection)
            except SQLAlchemyError as error:
                if not down:
                    log.error("The relay lost the database and tries again: %s", error)
                down = True
            self.stopping.wait(RECOVERY_PAUSE_SECONDS)

    def _work(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            relayed = relay_events(connection)
            self._invalidate(relayed)
            ring_doorbells(connection)
            if len(relayed) < BATCH:
                self.stopping.wait(PAUSE_SECONDS)

    def _invalidate(self, relayed: Sequence[EventRecord]) -> None:
        for record in relayed:
            for react in reactions_to(record.type).after_commit:
                react(record)
        self.cache_is_suspect = self.cache_is_suspect or cache.invalidation_failed()
        if self.cache_is_suspect and cache.drop_all():
            self.cache_is_suspect = False


def relay_events(connection: Connection) -> Sequence[EventRecord]:
    """Give the next events their positions and note what they oblige to, in one transaction."""
    with Session(connection, expire_on_commit=False) as session, session.begin():
        records = session.scalars(
            select(EventRecord)
            .where(EventRecord.position.is_(None))
            .order_by(EventRecord.id)
            .limit(BATCH)
        ).all()
        if records:
            last = session.scalar(select(func.coalesce(func.max(EventRecord.position), 0))) or 0
            for position, record in enumerate(records, start=last + 1):
                record.position = position
                deliveries.owe(session, record, _owed_for(record))
    return records


def ring_doorbells(connection: Connection) -> None:
    """Tell the workers of due deliveries; without a broker they are told of later."""
    with Session(connection) as session, session.begin():
        due = deliveries.take_due(session)
        try:
            for delivery_id, channel in due:
                name, queue = JOBS_BY_CHANNEL[channel]
                celery_app.send_task(name, args=[delivery_id], queue=queue)
        except (BrokerDown, RedisError, OSError) as error:
            log.debug("No broker: %s", error)
            session.rollback()


def _owed_for(record: EventRecord) -> list[DeliverTo]:
    """What the table says. A reaction that fails is a bug: it is logged and the log goes on."""
    owed: list[DeliverTo] = []
    for deliver in reactions_to(record.type).deliver:
        try:
            owed.extend(deliver(record))
        except Exception:
            # One bad event must not hold back everybody's; the event itself stays in the log.
            log.exception("Reaction %s failed for event %s", deliver.__name__, record.event_id)
    return owed


def _is_ours(connection: Connection) -> bool:
    """Whether this process holds the relay's lock now (kept until the connection ends)."""
    held = connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('relay'))"))
    connection.commit()
    return bool(held)


def main() -> None:
    """Run one relay until SIGTERM or SIGINT."""
    relay = Relay(flask_app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stopping.set())
    relay.run()


if __name__ == "__main__":
    main()
