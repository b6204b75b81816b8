"""What is owed to somebody outside because of an event, and how far that has come.

The row is the truth: it is claimed with a lease, tried again with growing pauses, and given up
after three days. The messages that tell a worker to look at a row may be lost at any time. All
moments are the database's own, so the machines need not agree on the time.
"""

import logging
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Exists,
    Interval,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from app.core.db import unlocked
from app.core.delivery_models import Delivery, State
from app.core.events import DeliverTo, EventRecord

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than any attempt may take (see the time limits of the jobs)."""
RING_AGAIN = timedelta(seconds=15)
"""A doorbell that was not answered by then is taken for lost."""
LOOK_AGAIN = timedelta(seconds=60)
"""What waits for an earlier delivery is woken by that one's end; this is the safety net."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(hours=72)
MAX_ERROR = 500


class Refused(Exception):
    """The other side will never take this as it is; the text says why. Clients derive from it."""


class NotNow(Exception):
    """The delivery was not tried, and has to wait for `wait` more."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class Owed(NamedTuple):
    """A delivery to be noted for an event."""

    record: EventRecord
    to: DeliverTo


def owe(session: Session, owed: Iterable[Owed]) -> None:
    """Note what events oblige to; a second time changes nothing."""
    rows = [
        {
            "event_id": record.id,
            "task_id": record.task_id,
            "channel": to.channel,
            "target": to.target,
            "wait": to.wait,
        }
        for record, to in owed
    ]
    due_at = func.now() + bindparam("wait", type_=Interval)
    noted = upsert(Delivery).values(next_at=due_at, ring_at=due_at).on_conflict_do_nothing()
    if rows:
        session.execute(noted, rows)


def any_due(channel: str) -> Exists:
    """Whether the relay has anything to look at in a channel, as a part of a query."""
    return exists().where(_is_due(channel))


def take_due(channel: str, session: Session, limit: int) -> list[int]:
    """The ids of at most `limit` deliveries whose doorbell is to be rung now, oldest first.

    They are not returned again for RING_AGAIN. What waits for an earlier delivery is put aside,
    and what was tried in vain for GIVE_UP_AFTER (and perhaps killed its worker) is given up.
    """
    due = select(Delivery.id).where(_is_due(channel)).order_by(Delivery.ring_at).limit(limit)
    rows = session.execute(
        update(Delivery)
        # A row that a worker is just finishing is not worth waiting for.
        .where(Delivery.id.in_(unlocked(due)))
        .values(
            _given_up()
            | {"ring_at": func.now() + case((is_blocked(), LOOK_AGAIN), else_=RING_AGAIN)}
        )
        .returning(Delivery.id, Delivery.state, Delivery.ring_at < func.now() + LOOK_AGAIN)
        .execution_options(synchronize_session=False)
    ).all()
    for delivery_id, state, _ in rows:
        if _tell_if_dead(delivery_id, state):
            _take_parts_along(session, delivery_id)
    return sorted(row[0] for row in rows if row[1] == State.PENDING and row[2])


def claim(session: Session, delivery_id: int) -> Delivery | None:
    """Take a delivery for LEASE; None where it is done, not yet due, taken, or not its turn.

    Of the deliveries in one channel to one target about one task, only the earliest pending one
    can be claimed. The attempt is counted here, so that one which kills its worker counts too.
    """
    return session.scalars(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == State.PENDING,
            Delivery.part_of.is_(None),
            Delivery.next_at <= func.now(),
            func.coalesce(Delivery.lease_until, func.now()) <= func.now(),
            ~is_blocked(),
        )
        .values(
            attempts=Delivery.attempts + 1,
            lease_until=func.now() + LEASE,
            ring_at=func.now() + LEASE,
        )
        .returning(Delivery)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def finish(session: Session, delivery: Delivery) -> None:
    """Note that a delivery was carried out; the next one in its order is rung at once."""
    _end(session, delivery, State.DONE, None)


def drop(session: Session, delivery: Delivery, reason: str) -> None:
    """Note that a delivery is not wanted (any longer), and why."""
    _end(session, delivery, State.DROPPED, reason)


def fail(
    session: Session, delivery: Delivery, error: str, *, after: timedelta | None = None
) -> None:
    """Note that an attempt failed: it is tried again later, or given up after three days.

    Later is `after`, where the other side has named it, else `pause_after`.
    """
    again_at = func.now() + (after or pause_after(delivery.attempts))
    state = session.scalar(
        update(Delivery)
        # An attempt whose lease ran out has been taken over, and has no say any more.
        .where(_still_pending(delivery), Delivery.attempts == delivery.attempts)
        .values(
            _given_up()
            | {
                "last_error": error[:MAX_ERROR],
                "lease_until": None,
                "next_at": again_at,
                "ring_at": again_at,
            }
        )
        .returning(Delivery.state)
        .execution_options(synchronize_session=False)
    )
    _take_parts_along(session, delivery.id)
    _tell(delivery, state)
    if _tell_if_dead(delivery.id, state):
        _wake_next(session, delivery)


def refuse(session: Session, delivery: Delivery, error: str) -> None:
    """Note that an attempt was refused for good: trying it again as it is would help nothing."""
    _end(session, delivery, State.DEAD, error)


def postpone(session: Session, delivery: Delivery, wait: timedelta) -> None:
    """Give a claimed delivery back, untried, for `wait`."""
    again_at = func.now() + wait
    session.execute(
        update(Delivery)
        .where(_still_pending(delivery), Delivery.attempts == delivery.attempts)
        .values(
            attempts=Delivery.attempts - 1,
            lease_until=None,
            next_at=again_at,
            ring_at=again_at,
        )
        .execution_options(synchronize_session=False)
    )
    _take_parts_along(session, delivery.id)


def pause_after(attempts: int) -> timedelta:
    """5 s after the first attempt, then twice as long each time up to 15 min, ± 20 %.

    The chance keeps what failed together from coming back together.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing


def _is_due(channel: str) -> ColumnElement[bool]:
    return and_(
        Delivery.state == State.PENDING,
        Delivery.part_of.is_(None),
        Delivery.channel == channel,
        Delivery.ring_at <= func.now(),
    )


def is_blocked() -> ColumnElement[bool]:
    """Whether an earlier delivery about the same task to the same target is not through yet."""
    earlier = aliased(Delivery)
    return (
        select(earlier.id)
        .where(
            earlier.state == State.PENDING,
            earlier.task_id == Delivery.task_id,
            earlier.channel == Delivery.channel,
            earlier.target == Delivery.target,
            earlier.event_id < Delivery.event_id,
        )
        .exists()
    )


def _given_up() -> dict[str, Any]:
    """The values that make a delivery dead once it was tried in vain for long enough."""
    hopeless = and_(Delivery.attempts > 0, Delivery.created_at < func.now() - GIVE_UP_AFTER)
    return {
        "state": case((hopeless, State.DEAD.value), else_=Delivery.state),
        "finished_at": case((hopeless, func.now()), else_=None),
    }


def _tell(delivery: Delivery, state: str | None) -> None:
    """The line by which a delivery is found from the id of the request that it is owed for."""
    log.info(
        "Delivery %s (%s to %s) is %s after attempt %s.",
        delivery.id, delivery.channel, delivery.target, state, delivery.attempts,
    )  # fmt: skip


def _tell_if_dead(delivery_id: int, state: str | None) -> bool:
    if state == State.DEAD:
        log.error("Delivery %s has failed for %s and is given up.", delivery_id, GIVE_UP_AFTER)
    return state == State.DEAD


def _still_pending(delivery: Delivery) -> ColumnElement[bool]:
    return and_(Delivery.id == delivery.id, Delivery.state == State.PENDING)


def _end(session: Session, delivery: Delivery, state: State, reason: str | None) -> None:
    session.execute(
        update(Delivery)
        .where(_still_pending(delivery))
        .values(
            state=state.value,
            lease_until=None,
            finished_at=func.now(),
            last_error=reason[:MAX_ERROR] if reason else None,
        )
        .execution_options(synchronize_session=False)
    )
    _take_parts_along(session, delivery.id)
    _tell(delivery, state)
    _wake_next(session, delivery)


def _take_parts_along(session: Session, delivery_id: int) -> None:
    """Make what goes with a delivery look like it."""
    whole = aliased(Delivery)
    names = ("state", "attempts", "next_at", "last_error", "finished_at")
    session.execute(
        update(Delivery)
        .where(
            Delivery.part_of == whole.id,
            Delivery.state == State.PENDING,
            whole.id == delivery_id,
        )
        .values({name: getattr(whole, name) for name in names})
        .execution_options(synchronize_session=False)
    )


def _wake_next(session: Session, delivery: Delivery) -> None:
    following = (
        select(Delivery.id)
        .where(
            Delivery.state == State.PENDING,
            Delivery.task_id == delivery.task_id,
            Delivery.channel == delivery.channel,
            Delivery.target == delivery.target,
            Delivery.event_id > delivery.event_id,
        )
        .order_by(Delivery.event_id)
        .limit(1)
    )
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(following))
        .values(ring_at=func.greatest(Delivery.next_at, func.now()))
        .execution_options(synchronize_session=False)
    )
