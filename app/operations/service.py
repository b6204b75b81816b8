"""What operators order; each command is one event."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, delivery_control, events
from app.core.delivery_control import DROPPABLE, Handled
from app.core.delivery_models import Delivery
from app.core.errors import Conflict, NotFound
from app.operations import queries
from app.operations.events import (
    DeliveryDropped,
    DeliveryEvent,
    DeliveryRequeued,
    about_deliveries,
)
from app.operations.explaining import explain
from app.users.actor import Actor

_NOT_FILTERS = {"limit", "dry_run", "reason"}
_ORDER = (
    "{} of them after newer news of the same task, which went out already: mind that these are "
    "outdated."
)


def read_delivery(session: Session, delivery_id: int) -> dict[str, Any]:
    """One delivery, explained. Raises NotFound."""
    found = queries.find_delivery(session, delivery_id)
    if found is None:
        raise NotFound("There is no such delivery.")
    return found | {"explanation": explain(session, found)}


def requeue_one(session: Session, delivery_id: int, *, actor: Actor) -> dict[str, Any]:
    """Have a delivery tried again at once, whatever its state. Raises NotFound, Conflict."""
    state = read_delivery(session, delivery_id)["state"]
    handled = delivery_control.requeue(session, [Delivery.id == delivery_id], 1)
    _insist(handled)
    _record(DeliveryRequeued, handled, actor, {"state": state})
    return _answer(handled, "Tried again at once")


def drop_one(session: Session, delivery_id: int, reason: str, *, actor: Actor) -> dict[str, Any]:
    """Give a delivery up. Raises NotFound, Conflict."""
    state = read_delivery(session, delivery_id)["state"]
    if state not in DROPPABLE:
        raise Conflict(f"The delivery is {state}; there is nothing to give up.")
    handled = delivery_control.drop(session, [Delivery.id == delivery_id], 1, reason)
    _insist(handled)
    _record(DeliveryDropped, handled, actor, {"state": state, "reason": reason})
    return _answer(handled, "Given up")


def requeue_many(session: Session, query: Mapping[str, Any], *, actor: Actor) -> dict[str, Any]:
    """Have those tried again that match `query`, a RequeueManySchema. Raises Invalid."""
    wanted = queries.conditions(query, actor)
    handled = delivery_control.requeue(session, wanted, query["limit"])
    _record(DeliveryRequeued, handled, actor, _asked(query))
    return _answer(handled, "Tried again at once", dry_run=query["dry_run"])


def drop_many(session: Session, query: Mapping[str, Any], *, actor: Actor) -> dict[str, Any]:
    """Give those up that match `query`, a DropManySchema. Raises Invalid."""
    wanted = queries.conditions(query, actor)
    handled = delivery_control.drop(session, wanted, query["limit"], query["reason"])
    _record(DeliveryDropped, handled, actor, _asked(query) | {"reason": query["reason"]})
    return _answer(handled, "Given up", dry_run=query["dry_run"])


def _insist(handled: Handled) -> None:
    if handled.in_hand:
        raise Conflict("A worker is at this delivery now; look again in a minute.")
    if not handled.ids:
        raise Conflict("A worker was faster; look at the delivery again.")


def _record(
    kind: type[DeliveryEvent], handled: Handled, actor: Actor, told: Mapping[str, Any]
) -> None:
    if handled.ids:
        events.record(about_deliveries(kind, handled.ids, actor=actor, told=told))


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of a command, as the audit log keeps it."""
    return {
        "filter": {
            name: value if isinstance(value, list) else _plain(value)
            for name, value in query.items()
            if name not in _NOT_FILTERS
        }
    }


def _plain(value: Any) -> str:
    return clock.iso(value) if hasattr(value, "utcoffset") else str(value)


def _answer(handled: Handled, done: str, *, dry_run: bool = False) -> dict[str, Any]:
    count = len(handled.ids)
    note = [
        f"{done}: {count}." if not dry_run else f"Nothing is done yet. {done} would be {count}."
    ]
    if handled.overtaken:
        note.append(_ORDER.format(handled.overtaken))
    if handled.in_hand:
        note.append(f"{handled.in_hand} left alone: a worker is at them.")
    return {
        "dry_run": dry_run,
        "count": count,
        "deliveries": handled.ids,
        "in_hand": handled.in_hand,
        "note": " ".join(note),
    }
