"""Saying in words how a delivery stands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.delivery_models import State
from app.operations.queries import goes_first

LATE = timedelta(minutes=1)
"""What is due for longer than this is not being looked after."""


def explain(session: Session, delivery: Mapping[str, Any]) -> str:
    """How `delivery` (as the API prints it) stands, what comes next, and what one can do."""
    explanations = {State.DONE: _done, State.DROPPED: _dropped, State.DEAD: _dead}
    state = State(delivery["state"])
    if state in explanations:
        return explanations[state](delivery)
    # The moments of deliveries are the database's own, and so is this one.
    now = session.scalars(select(func.now())).one()
    return f"{_so_far(delivery)}{_next(session, delivery, now)}"


def spoken(length: timedelta) -> str:
    """A length of time as people say it: `12 min`."""
    seconds = max(0, round(length.total_seconds()))
    for size, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _so_far(delivery: Mapping[str, Any]) -> str:
    if not delivery["last_error"]:
        return ""
    return f"Tried {times(delivery['attempts'])}; the last error: {_quoted(delivery)}. "


def _next(session: Session, delivery: Mapping[str, Any], now: datetime) -> str:
    if delivery["lease_until"] and delivery["lease_until"] > now:
        return "A worker is at it now."
    if delivery["part_of"] is not None:
        return f"It goes with delivery {delivery['part_of']}, in one mail."
    if (first := goes_first(session, delivery)) is not None:
        return f"It waits for delivery {first} about the same task, which has to go first."
    if delivery["next_at"] > now:
        word = "Next try" if delivery["attempts"] else "It is sent"
        return f"{word} in {spoken(delivery['next_at'] - now)}."
    waited = now - max(delivery["next_at"], delivery["lease_until"] or delivery["next_at"])
    if waited < LATE:
        return "It is due: a worker takes it next."
    return (
        f"It has been due for {spoken(waited)} and no worker has taken it: "
        "is the relay at work, are the workers, does Redis answer?"
    )


def _done(delivery: Mapping[str, Any]) -> str:
    tried = times(delivery["attempts"])
    carrier = delivery["part_of"]
    mail = f" It was told in the mail of delivery {carrier}." if carrier is not None else ""
    return f"Carried out at {clock.iso(delivery['finished_at'])}; tried {tried}.{mail}"


def _dropped(delivery: Mapping[str, Any]) -> str:
    return f"Not sent, because it is not wanted: {_quoted(delivery)}."


def _dead(delivery: Mapping[str, Any]) -> str:
    lasted = spoken(delivery["finished_at"] - delivery["created_at"])
    return (
        f"Given up after {lasted}, tried {times(delivery['attempts'])}; the last error: "
        f"{_quoted(delivery)}. When its cause is mended, send it again: "
        f"flask deliveries requeue {delivery['id']}"
    )


def _quoted(delivery: Mapping[str, Any]) -> str:
    return f"“{(delivery['last_error'] or 'none was noted').rstrip('.')}”"
