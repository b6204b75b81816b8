"""Sending again what was sent before: one delivery, or a part of a project's stream."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core.delivery_models import AGAIN, Delivery, State
from app.core.errors import Conflict, Gone
from app.core.events import EventRecord, Stream, StreamEntry
from app.notifications.channels import WEBHOOK_CHANNEL
from app.users.actor import Actor
from app.webhooks.models import WebhookEndpoint
from app.webhooks.queries import show_delivery
from app.webhooks.service import lock_endpoint, require_active
from app.webhooks.subscriptions import matching

MAX_EVENTS = 10_000
"""Of the stream are looked at in one call."""


class Replayed(NamedTuple):
    """How much is owed again, and the place from which to go on; None where that was all."""

    owed: int
    next_seq: int | None


def redeliver(
    session: Session, endpoint_id: int, delivery_id: int, *, actor: Actor
) -> Mapping[str, Any]:
    """Owe a finished delivery once more; one that is pending stays as it is.

    Raises NotFound, Forbidden, Conflict for an endpoint that is off or an archived project.
    """
    endpoint = lock_endpoint(session, endpoint_id, actor)
    require_active(endpoint)
    show_delivery(session, endpoint, delivery_id)
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state != State.PENDING)
        .values(AGAIN)
        .execution_options(synchronize_session=False)
    )
    return show_delivery(session, endpoint, delivery_id)


def replay(
    session: Session, endpoint_id: int, from_seq: int, to_seq: int | None, *, actor: Actor
) -> Replayed:
    """Owe again what the endpoint subscribes to of its project's stream.

    Raises Gone where some of it is not kept any more; else as `redeliver`, and Conflict for an
    endpoint of a user, which follows no stream.
    """
    endpoint = lock_endpoint(session, endpoint_id, actor)
    require_active(endpoint)
    if endpoint.project_id is None:
        raise Conflict("Only the webhooks of projects follow a stream that can be replayed.")
    stream_id, head = _head(session, endpoint)
    end = head if to_seq is None else min(to_seq, head)
    last = min(end, from_seq + MAX_EVENTS - 1)
    if last < from_seq:
        return Replayed(0, None)
    part = (StreamEntry.stream_id == stream_id) & StreamEntry.seq.between(from_seq, last)
    _check_kept(session, part, from_seq, last)
    owed = _owe_again(session, endpoint, part)
    return Replayed(owed, last + 1 if last < end else None)


def _head(session: Session, endpoint: WebhookEndpoint) -> tuple[int, int]:
    """The id of the endpoint's stream and its last number; nothing is there before any event."""
    name = endpoint.stream
    found = session.execute(
        select(Stream.id, Stream.last_seq).where(
            Stream.kind == name.kind, Stream.ref_id == name.ref_id
        )
    ).one_or_none()
    return (found.id, found.last_seq) if found else (0, 0)


def _check_kept(session: Session, part: ColumnElement[bool], from_seq: int, last: int) -> None:
    """The numbers of a stream have no gaps, unless the audit log has forgotten some of them."""
    kept = session.scalar(select(func.count()).select_from(StreamEntry).where(part))
    if kept != last - from_seq + 1:
        first = session.scalar(select(func.min(StreamEntry.seq)).where(part))
        hint = f" The first that is kept is {first}." if first else ""
        raise Gone(
            f"Not all events from {from_seq} to {last} are kept (AUDIT_RETENTION_DAYS).{hint}",
            extra={"first_seq": first},
        )


def _owe_again(session: Session, endpoint: WebhookEndpoint, part: ColumnElement[bool]) -> int:
    wanted = (
        select(
            EventRecord.id,
            EventRecord.task_id,
            literal(WEBHOOK_CHANNEL),
            literal(str(endpoint.id)),
        )
        .join(StreamEntry, StreamEntry.event_id == EventRecord.id)
        .where(part, matching(endpoint.events, endpoint.project_id or 0))
        .order_by(EventRecord.id)
    )
    owed = upsert(Delivery).from_select(["event_id", "task_id", "channel", "target"], wanted)
    result = session.execute(
        owed.on_conflict_do_update(
            index_elements=["event_id", "channel", "target"],
            set_=AGAIN,
            where=Delivery.state != State.PENDING,
        ).returning(Delivery.id)
    )
    return len(result.all())
