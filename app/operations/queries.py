"""Reading deliveries as an operator does."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core.delivery_models import Delivery, State
from app.core.events import EventRecord
from app.notifications.channels import EMAIL_CHANNEL, JOBS_BY_CHANNEL
from app.tasks import filters
from app.users.actor import Actor
from app.users.models import User

MAX_COUNT = 10_000
"""Counting everything would cost more than reading the page."""


class DeliveryPage(NamedTuple):
    """Deliveries, newest first; how many match (at most MAX_COUNT + 1), and whether more follow."""

    deliveries: Sequence[dict[str, Any]]
    total: int
    has_more: bool


def list_deliveries(session: Session, query: Mapping[str, Any], actor: Actor) -> DeliveryPage:
    """A page of the deliveries that match `query`, a DeliveryQuerySchema. Raises Invalid."""
    wanted, size = conditions(query, actor), query["page_size"]
    beyond = [Delivery.id < query["before"]] if "before" in query else []
    rows = session.execute(
        select(Delivery, EventRecord)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(*wanted, *beyond)
        .order_by(Delivery.id.desc())
        .limit(size + 1)
    ).all()
    counted = select(Delivery.id).where(*wanted).limit(MAX_COUNT + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    pairs = [(delivery, record) for delivery, record in rows[:size]]
    return DeliveryPage(_as_entries(session, pairs), total, len(rows) > size)


def find_delivery(session: Session, delivery_id: int) -> dict[str, Any] | None:
    """One delivery as the API prints it, or None."""
    row = session.execute(
        select(Delivery, EventRecord)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(Delivery.id == delivery_id)
    ).one_or_none()
    return _as_entries(session, [(row[0], row[1])])[0] if row else None


def goes_first(session: Session, delivery: Mapping[str, Any]) -> int | None:
    """The delivery for which a pending one has to wait, or None."""
    return session.scalar(
        select(Delivery.id)
        .where(
            Delivery.state == State.PENDING,
            Delivery.channel == delivery["channel"],
            Delivery.target == delivery["target"],
            Delivery.task_id == delivery["task"],
            Delivery.event_id < delivery["event"]["id"],
        )
        .order_by(Delivery.event_id)
        .limit(1)
    )


def conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    """What a DeliveryFilterSchema asks of a delivery. Raises Invalid."""
    columns = {"channel": Delivery.channel, "state": Delivery.state}
    found: list[ColumnElement[bool]] = [
        column.in_(query[name]) for name, column in columns.items() if name in query
    ]
    if "target" in query:
        # The index on targets begins with the channel.
        found += [Delivery.target == query["target"], Delivery.channel.in_(JOBS_BY_CHANNEL)]
    if "after" in query:
        found.append(Delivery.id > query["after"])
    if "error" in query:
        found.append(Delivery.last_error.icontains(query["error"], autoescape=True))
    of_event = {"event_type": EventRecord.type, "task": EventRecord.task_id}
    for name, column in of_event.items():
        if name in query:
            events = select(EventRecord.id).where(column.in_(query[name]))
            found.append(Delivery.event_id.in_(events))
    return found + filters.bounds("created_at", Delivery.created_at, query, actor)


def _as_entries(
    session: Session, pairs: Sequence[tuple[Delivery, EventRecord]]
) -> list[dict[str, Any]]:
    targets = [delivery.target for delivery, _ in pairs if delivery.channel == EMAIL_CHANNEL]
    ids = [int(target) for target in targets if target.isdecimal()]
    users = session.execute(select(User.id, User.username).where(User.id.in_(ids)))
    names = {str(user_id): {"id": user_id, "username": name} for user_id, name in users}
    return [
        _as_entry(delivery, record)
        | {"recipient": names.get(delivery.target) if delivery.channel == EMAIL_CHANNEL else None}
        for delivery, record in pairs
    ]


def _as_entry(delivery: Delivery, record: EventRecord) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event": {
            "id": record.id,
            "type": record.type,
            "at": record.at,
            "actor": record.actor_id,
            "request_id": record.request_id,
        },
        "task": delivery.task_id,
        **{name: getattr(delivery, name) for name in _COLUMNS},
    }


_COLUMNS = (
    "part_of",
    "channel",
    "target",
    "state",
    "attempts",
    "next_at",
    "lease_until",
    "last_error",
    "created_at",
    "finished_at",
)
