"""The relay: carries every committed event on to those who follow from it.

One relay works at a time (it holds an advisory lock on its own connection); others stand by. Each
round it gives the new events their positions in the log and notes what they oblige to, in one
transaction; then it repeats the cache invalidation, since the writer may have died before it. Its
bell tells the workers of deliveries that are due. Run as `python -m workers.relay`.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence

from flask import Flask
from sqlalchemy import BigInteger, Connection, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import create_app
from app.core import cache, deliveries
from app.core.deliveries import Owed
from app.core.errors import in_one_line
from app.core.events import Deliver, DeliverTo, EventRecord, react_after_commit, reactions_to
from app.core.hints import NEW_EVENTS, NEW_POSITIONS, Hints, hint
from app.extensions import db
from app.notifications.channels import AGAIN_CHANNEL, JOBS_BY_CHANNEL
from app.processes.heart import Heart
from workers.bell import Bell
from workers.factory import make_celery

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""How long it does without a hint of new events."""

LULL_SECONDS = 0.01
"""Between two rounds, so that what comes in quick succession goes together."""

STANDBY_PAUSE_SECONDS = 1.0
LONGEST_RECOVERY_PAUSE_SECONDS = 1.0
STOP_SECONDS = 1.0
BATCH = 500

_NEXT_EVENTS = (
    select(EventRecord).where(EventRecord.position.is_(None)).order_by(EventRecord.id).limit(BATCH)
)
_GIVE_POSITIONS = text(
    """
    UPDATE events SET position = :last + given.number
    FROM unnest(:ids) WITH ORDINALITY AS given (id, number)
    WHERE events.id = given.id
    """
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


class Relay:
    """The loop, and the one connection on which both the lock and the work live.

    The lock and the work share a connection, so a relay that loses its database loses both at
    once, and a standby that gets the lock can be sure that nobody else is half-way through.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.stopping = threading.Event()
        self.at_work = threading.Event()
        self.cache_is_suspect = True
        self._hints = Hints(app, NEW_EVENTS)

    def run(self) -> None:
        """Work until `stopping` is set; survives the loss of PostgreSQL and of Redis."""
        failures = 0
        while not self.stopping.is_set():
            try:
                self._connect_and_work()
                failures = 0
            except Exception as error:
                failures = 1 if self.at_work.is_set() else failures + 1
                if failures == 1:
                    # The stack of a lost connection says nothing; that of a mistake of ours does.
                    log.error(
                        "The relay failed and tries again: %s",
                        in_one_line(error),
                        exc_info=not isinstance(error, SQLAlchemyError),
                    )
            finally:
                self.at_work.clear()
            self.stopping.wait(min(0.1 * 2 ** min(failures, 5), LONGEST_RECOVERY_PAUSE_SECONDS))

    def _connect_and_work(self) -> None:
        with self.app.app_context(), db.engine.connect() as connection:
            # Closing it then really ends the session, and with it the lock.
            connection.detach()
            while not _is_ours(connection):
                if self.stopping.wait(STANDBY_PAUSE_SECONDS):
                    return
            log.info("The relay is at work.")
            # Whoever was at work before may have died between a commit and the invalidation.
            self.cache_is_suspect = True
            self.at_work.set()
            self._work(connection)

    def _work(self, connection: Connection) -> None:
        while not self.stopping.is_set():
            relayed = relay_events(connection)
            if relayed:
                hint(NEW_POSITIONS)
            self._invalidate(relayed)
            if len(relayed) < BATCH:
                self.stopping.wait(LULL_SECONDS)
                self._hints.wait(POLL_SECONDS)

    def _invalidate(self, relayed: Sequence[EventRecord]) -> None:
        react_after_commit(relayed)
        self.cache_is_suspect = self.cache_is_suspect or cache.invalidation_failed()
        if self.cache_is_suspect and cache.drop_all():
            self.cache_is_suspect = False


def relay_events(connection: Connection) -> Sequence[EventRecord]:
    """Give the next events their positions and note what they oblige to, in one transaction.

    Within a stream ids rise in commit order, so among the events that are visible now the order of
    the ids is an order in which every stream is in its own. One that becomes visible later gets a
    later position, whatever its id.
    """
    with Session(connection, expire_on_commit=False) as session, session.begin():
        records = session.scalars(_NEXT_EVENTS).all()
        if records:
            last = session.scalar(select(func.coalesce(func.max(EventRecord.position), 0)))
            ids = [record.id for record in records]
            deliveries.owe(session, _owed_for(session, records))
            session.execute(_GIVE_POSITIONS, {"last": last, "ids": ids})
    return records


def _owed_for(session: Session, records: Sequence[EventRecord]) -> Sequence[Owed]:
    """What `records` oblige to, as their handlers say.

    A handler that fails must neither hold back everybody's events nor lose its own: that it is to
    be run again is then what is owed, with the pauses, the end and the visibility of a delivery.
    """
    asks = [(record, ask) for record in records for ask in reactions_to(record.type).deliver]
    try:
        with session.begin_nested():
            return [owed for record, ask in asks for owed in _asked(session, ask, record)]
    except Exception:  # noqa: BLE001 - each is asked again by itself, and says so there
        return [owed for record, ask in asks for owed in _asked_alone(session, ask, record)]


def _asked_alone(session: Session, ask: Deliver, record: EventRecord) -> Sequence[Owed]:
    try:
        # A statement that fails takes back what this handler did, and nobody else's.
        with session.begin_nested():
            return _asked(session, ask, record)
    except Exception:
        log.exception("%s failed for event %s, and is owed.", ask.__name__, record.event_id)
        return [Owed(record, DeliverTo(AGAIN_CHANNEL, ask.__name__))]


def _asked(session: Session, ask: Deliver, record: EventRecord) -> Sequence[Owed]:
    return [Owed(record, _deliverable(to)) for to in ask(session, record)]


def _deliverable(to: DeliverTo) -> DeliverTo:
    """`to`, once the row can be stored and will be rung; a refusal here costs one handler only."""
    if to.channel not in JOBS_BY_CHANNEL or not to.target.isprintable() or len(to.target) > 255:
        raise ValueError(f"Cannot deliver to {to!r}.")
    return to


def _is_ours(connection: Connection) -> bool:
    """Whether this process holds the relay's lock now (kept until the connection ends)."""
    with connection.begin():
        return bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('relay'))")))


def main() -> int:
    """Run one relay until SIGTERM or SIGINT.

    The work is done in threads that may be left behind: the main thread only waits, so that it can
    end the process in time even while PostgreSQL or Redis keeps a call hanging.
    """
    app = create_app()
    relay = Relay(app)
    bell = Bell(app, make_celery(app))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stopping.set())
    threads = [
        threading.Thread(target=relay.run, name="relay", daemon=True),
        threading.Thread(
            target=bell.run, args=(relay.stopping, relay.at_work), name="bell", daemon=True
        ),
    ]
    for thread in threads:
        thread.start()
    Heart(app, "relay", lambda: {"at_work": relay.at_work.is_set()}).start()
    while not relay.stopping.wait(0.5):
        if not all(thread.is_alive() for thread in threads):
            return 1  # Its supervisor starts it again.
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
