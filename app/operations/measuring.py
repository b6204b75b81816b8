"""How much is under way, counted by the few queries that an index answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.delivery_control import is_in_hand
from app.core.delivery_models import Delivery, State
from app.core.events import EventRecord
from app.core.queues import queue_lengths
from app.notifications.channels import JOBS_BY_CHANNEL

DAY = timedelta(days=1)


def read_queues(session: Session) -> dict[str, Any]:
    """Channels, queues and the relay, as QueuesSchema prints them."""
    return {
        "channels": channels(session, DAY),
        "queues": [{"queue": name, "length": length} for name, length in queue_lengths().items()],
        "relay": relay_lag(session),
    }


def channels(session: Session, lately: timedelta) -> list[dict[str, Any]]:
    """How each channel stands; `…_lately` counts what has ended within that time."""
    pending, dead, ended = _pending(session), _dead(session), _ended(session, lately)
    return [
        {
            "channel": channel,
            "queue": queue,
            **_numbers(pending.get(channel)),
            "dead": dead.get(channel, 0),
            "done_lately": ended.get((channel, State.DONE.value), 0),
            "dropped_lately": ended.get((channel, State.DROPPED.value), 0),
        }
        for channel, (_, queue) in JOBS_BY_CHANNEL.items()
    ]


def relay_lag(session: Session) -> dict[str, Any]:
    """How many events have no position yet, and how old the oldest is, in seconds."""
    count, oldest, now = session.execute(
        select(func.count(), func.min(EventRecord.at), func.now()).where(
            EventRecord.position.is_(None)
        )
    ).one()
    return {"events": count, "oldest_seconds": _age(oldest, now)}


def _pending(session: Session) -> dict[str, Any]:
    free = ~is_in_hand()
    rows = session.execute(
        select(
            Delivery.channel,
            func.count().label("pending"),
            func.count().filter(free, Delivery.next_at <= func.now()).label("due"),
            func.count().filter(free, Delivery.next_at > func.now()).label("waiting"),
            func.count().filter(is_in_hand()).label("in_hand"),
            func.count().filter(Delivery.last_error.is_not(None)).label("retrying"),
            func.min(Delivery.created_at).label("oldest"),
            func.now().label("now"),
        )
        # What is part of another is not tried by itself.
        .where(Delivery.state == State.PENDING, Delivery.part_of.is_(None))
        .group_by(Delivery.channel)
    )
    return {row.channel: row for row in rows}


def _dead(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(Delivery.channel, func.count())
        .where(Delivery.state == State.DEAD)
        .group_by(Delivery.channel)
    )
    return {row[0]: row[1] for row in rows}


def _ended(session: Session, lately: timedelta) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(Delivery.channel, Delivery.state, func.count())
        .where(Delivery.finished_at > func.now() - lately)
        .group_by(Delivery.channel, Delivery.state)
    )
    return {(channel, state): count for channel, state, count in rows}


_NUMBERS = ("pending", "due", "waiting", "in_hand", "retrying")


def _numbers(row: Any) -> Mapping[str, Any]:
    if row is None:
        return dict.fromkeys(_NUMBERS, 0) | {"oldest_seconds": None}
    numbers = {name: getattr(row, name) for name in _NUMBERS}
    return numbers | {"oldest_seconds": _age(row.oldest, row.now)}


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, round((now - moment).total_seconds(), 3))
