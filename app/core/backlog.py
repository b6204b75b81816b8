"""Everything that one target is still owed, taken together.

A row that somebody else has locked is left out instead of waited for: it is just being claimed or
finished, and whoever does so looks after it.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from app.core.db import unlocked
from app.core.deliveries import LEASE, MAX_ERROR, is_blocked
from app.core.delivery_models import Delivery, State

AWAY = timedelta(hours=1)


def hold(session: Session, channel: str, target: str, pause: timedelta) -> bool:
    """Put off what was never tried, because another delivery to the same target failed.

    One of them goes ahead after `pause`, to see how the target is; the rest wait for `release`, or
    for AWAY, so that a long backlog is not written anew after each failure. Returns whether there
    is one to go ahead.
    """
    untried = _untried(channel, target)
    scout = session.scalar(
        select(Delivery.id).where(untried, ~is_blocked()).order_by(Delivery.event_id).limit(1)
    )
    would_disturb = Delivery.next_at < func.now() + pause + LEASE
    held = and_(untried, or_(Delivery.id == scout, would_disturb))
    again_at = func.now() + case((Delivery.id == scout, pause), else_=pause + AWAY)
    _update(session, held, {"next_at": again_at, "ring_at": again_at})
    return scout is not None


def has_fresh(session: Session, channel: str, target: str) -> bool:
    """Whether something that was never tried is due now."""
    fresh = and_(_untried(channel, target), Delivery.next_at <= func.now(), ~is_blocked())
    return session.scalar(select(Delivery.id).where(fresh).limit(1)) is not None


def release(session: Session, channel: str, target: str) -> None:
    """Let what `hold` has put off go out now."""
    _update(session, _untried(channel, target), {"next_at": func.now(), "ring_at": func.now()})


def abandon(session: Session, channel: str, target: str, reason: str) -> None:
    """Drop everything that is not under way just now, and note why."""
    dropped = {
        "state": State.DROPPED.value,
        "last_error": reason[:MAX_ERROR],
        "finished_at": func.now(),
    }
    _update(session, _owed(channel, target), dropped)


def _untried(channel: str, target: str) -> ColumnElement[bool]:
    return and_(_owed(channel, target), Delivery.attempts == 0)


def _owed(channel: str, target: str) -> ColumnElement[bool]:
    """What waits for its turn; a lease that ran out is nobody's."""
    return and_(
        Delivery.channel == channel,
        Delivery.target == target,
        Delivery.state == State.PENDING,
        func.coalesce(Delivery.lease_until, func.now()) <= func.now(),
    )


def _update(session: Session, which: ColumnElement[bool], values: dict[str, Any]) -> None:
    free = unlocked(select(Delivery.id).where(which))
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(free))
        .values(values)
        .execution_options(synchronize_session=False)
    )
