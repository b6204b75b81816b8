"""What an operator does to deliveries: send them again, or give them up.

What is part of another delivery shares its lot, so an order about one is about the whole. A
delivery that a worker has in hand is left alone. An attempt is ended before its lease is (see the
time limits of the jobs), so nobody is at work on a row whose lease is over.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from app.core.deliveries import MAX_ERROR
from app.core.delivery_models import AGAIN, Delivery, State
from app.core.events import EventRecord

DROPPABLE = (State.PENDING, State.DEAD)
"""What is done cannot be taken back."""


class Handled(NamedTuple):
    """The deliveries that were changed, and how many of those found a worker had in hand.

    `overtaken` counts the changed ones after which newer news of the same task went out to the same
    target already: they arrive after these.
    """

    ids: Sequence[int]
    in_hand: int
    overtaken: int = 0


def requeue(session: Session, wanted: Sequence[ColumnElement[bool]], limit: int) -> Handled:
    """Have the oldest `limit` of those `wanted` tried again at once, as if they were new."""
    ids, in_hand = _hold(session, wanted, limit, tuple(State))
    _set(session, ids, **AGAIN)
    return Handled(ids, in_hand, _overtaken(session, ids))


def drop(
    session: Session, wanted: Sequence[ColumnElement[bool]], limit: int, reason: str
) -> Handled:
    """Give up the oldest `limit` of those `wanted`; what waited for them is looked at at once."""
    ids, in_hand = _hold(session, wanted, limit, DROPPABLE)
    _set(
        session,
        ids,
        state=State.DROPPED.value,
        finished_at=func.now(),
        last_error=f"dropped by an operator: {reason}"[:MAX_ERROR],
    )
    _wake_followers(session, ids)
    return Handled(ids, in_hand)


def is_in_hand() -> ColumnElement[bool]:
    """Whether a worker is at it."""
    return func.coalesce(Delivery.lease_until > func.now(), False)


def _hold(
    session: Session,
    wanted: Sequence[ColumnElement[bool]],
    limit: int,
    states: Collection[State],
) -> tuple[list[int], int]:
    """Lock the oldest; the ids of those that are free, and the number of those that are not."""
    found = select(func.coalesce(Delivery.part_of, Delivery.id)).where(*wanted)
    rows = session.execute(
        select(Delivery.id, is_in_hand())
        # A worker may be done with one just now.
        .where(Delivery.id.in_(found), Delivery.state.in_(states))
        # Workers take several rows in this order, too.
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update()
    ).all()
    ids = [delivery_id for delivery_id, in_hand in rows if not in_hand]
    return ids, len(rows) - len(ids)


def _set(session: Session, ids: Sequence[int], **values: Any) -> None:
    """Change deliveries, and with them what is part of them."""
    session.execute(
        update(Delivery)
        .where(or_(Delivery.id.in_(ids), Delivery.part_of.in_(ids)))
        .values({"lease_until": None, **values})
        .execution_options(synchronize_session=False)
    )


def _overtaken(session: Session, ids: Sequence[int]) -> int:
    later, event = aliased(Delivery), aliased(EventRecord)
    went_out_later = (
        select(later.id)
        .join(event, event.id == later.event_id)
        .where(
            event.task_id == Delivery.task_id,
            event.id > Delivery.event_id,
            later.channel == Delivery.channel,
            later.target == Delivery.target,
            later.state == State.DONE,
        )
        .exists()
    )
    found = select(func.count()).select_from(Delivery).where(Delivery.id.in_(ids), went_out_later)
    return session.scalar(found) or 0


def _wake_followers(session: Session, ids: Sequence[int]) -> None:
    place = (Delivery.channel, Delivery.target, Delivery.task_id)
    session.execute(
        update(Delivery)
        .where(
            Delivery.state == State.PENDING,
            tuple_(*place).in_(select(*place).where(Delivery.id.in_(ids))),
        )
        .values(ring_at=func.greatest(Delivery.next_at, func.now()))
        .execution_options(synchronize_session=False)
    )
