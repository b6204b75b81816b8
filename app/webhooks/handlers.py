"""Which deliveries to endpoints an event owes, and who is told of one that was switched off."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.events import DeliverTo, EventRecord, Stream, StreamEntry
from app.notifications.channels import WEBHOOK_CHANNEL
from app.notifications.kinds import Kind
from app.notifications.telling import tell
from app.projects.models import Project
from app.webhooks.events import WebhookPinged
from app.webhooks.notified import notified_kinds
from app.webhooks.queries import Subscriber, active_endpoints
from app.webhooks.subscriptions import matches, type_for


def owe_webhooks(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """One call to each endpoint that has subscribed to the event, or to being told of it.

    It comes after all other handlers, since it builds upon whom they have told.
    """
    if record.type == WebhookPinged.type:
        return [_to(record.entity_id)]
    active = active_endpoints(session)
    owed: list[int] = []
    if {record.project_id, record.former_project_id} & active.of_project.keys():
        for project_id in _projects_that_hear(session, record):
            told = type_for(record, project_id)
            owed += _subscribed(active.of_project.get(project_id, ()), told, record)
    if active.of_user:
        for user_id, told in notified_kinds(session, record, active.of_user):
            owed += _subscribed(active.of_user[user_id], told, record)
    return [_to(endpoint_id) for endpoint_id in owed]


def tell_of_disabled(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """The owner of a webhook that was switched off, and whoever made it, are told so."""
    project = session.get(Project, record.project_id) if record.project_id else None
    people = {record.snapshot["created_by"], project.owner_id if project else None} - {None}
    return tell(session, record, dict.fromkeys(people, Kind.WEBHOOK_DISABLED))


def _projects_that_hear(session: Session, record: EventRecord) -> Iterable[int]:
    """The projects whose streams the event has entered."""
    return session.scalars(
        select(Stream.ref_id)
        .join(StreamEntry, StreamEntry.stream_id == Stream.id)
        .where(StreamEntry.event_id == record.id, Stream.kind == "project")
        .order_by(Stream.ref_id)
    ).all()


def _subscribed(endpoints: Iterable[Subscriber], event_type: str, record: EventRecord) -> list[int]:
    """Those that want it and were there when it happened: the relay may come a little later."""
    return [
        each.id
        for each in endpoints
        if matches(each.events, event_type) and each.since <= record.at
    ]


def _to(endpoint_id: int) -> DeliverTo:
    return DeliverTo(WEBHOOK_CHANNEL, str(endpoint_id))
