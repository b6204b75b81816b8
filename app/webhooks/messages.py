"""What an endpoint is sent about an event: the message that sockets get, in an envelope."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core import clock
from app.core.events import EventRecord, StreamName
from app.notifications.wanted import NotWanted
from app.realtime.entries import as_told, sees_content
from app.realtime.queries import entry_of
from app.webhooks.events import WebhookPinged
from app.webhooks.models import WebhookEndpoint
from app.webhooks.notified import notification_message
from app.webhooks.subscriptions import matches


class Envelope(NamedTuple):
    """What is sent: the id that stays the same however often it is, its type, the body."""

    id: str
    type: str
    body: bytes


def envelope(session: Session, endpoint: WebhookEndpoint, record: EventRecord) -> Envelope:
    """What `endpoint` is sent about an event, as far as its owner sees that at this moment.

    Raises NotWanted where the endpoint has not subscribed to it (any more).
    """
    kind, data = _message(session, endpoint, record)
    if kind != WebhookPinged.type and not matches(endpoint.events, kind):
        raise NotWanted(f"the webhook does not subscribe to {kind}")
    content = {"type": kind, "timestamp": clock.iso(record.at), "data": data}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Envelope(f"msg_{record.event_id}", kind, text.encode())


def _message(
    session: Session, endpoint: WebhookEndpoint, record: EventRecord
) -> tuple[str, Mapping[str, Any]]:
    if record.type == WebhookPinged.type:
        return record.type, {"webhook_id": record.entity_id, "event_id": str(record.event_id)}
    if endpoint.project_id is None:
        return notification_message(session, endpoint.user_id or 0, record)
    return _project_message(session, StreamName.of_project(endpoint.project_id), record)


def _project_message(
    session: Session, stream: StreamName, record: EventRecord
) -> tuple[str, Mapping[str, Any]]:
    """The type is that of the event; where its content may not be told (any more), a removal."""
    entry = entry_of(session, record)
    content = sees_content(entry, stream)
    name, message = as_told(entry, stream, content=content)
    return record.type if content else name, message
