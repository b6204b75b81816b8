"""Reading endpoints, what they are owed and what was sent to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.delivery_models import Delivery, State
from app.core.errors import NotFound
from app.core.events import EventRecord
from app.core.pagination import counted_page, numbered
from app.notifications.channels import WEBHOOK_CHANNEL
from app.projects.models import Project
from app.projects.permissions import Permission
from app.projects.queries import get_project, standing_in
from app.users.actor import Actor
from app.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookSecret

_NONE = "There is no such webhook."
_CACHE = "active_webhooks"


class Subscriber(NamedTuple):
    """An endpoint that is switched on: what it wants, and since when it is there."""

    id: int
    events: Sequence[str]
    since: datetime


ByOwner = Mapping[int, Sequence[Subscriber]]


class Active(NamedTuple):
    """The endpoints that are switched on."""

    of_project: ByOwner
    of_user: ByOwner


def get_endpoint(session: Session, endpoint_id: int, actor: Actor) -> WebhookEndpoint:
    """One's own endpoint, or one of a project whose webhooks `actor` may manage.

    Raises NotFound where it cannot be seen, Forbidden for members without the right.
    """
    found = session.get(WebhookEndpoint, endpoint_id, populate_existing=True)
    if found is None or (found.project_id is None and found.user_id != actor.id):
        raise NotFound(_NONE)
    if found.project_id is not None:
        project = session.get(Project, found.project_id, populate_existing=True)
        if project is None or project.deleted_at is not None:
            raise NotFound(_NONE)
        standing = standing_in(session, project, actor, thing="webhook")
        standing.require(Permission.MANAGE_WEBHOOKS)
    return found


def list_endpoints(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[WebhookEndpoint]]:
    """Count and page of the endpoints of a project, else of one's own. As `get_endpoint`."""
    if "project" in query:
        _, standing = get_project(session, query["project"], actor)
        standing.require(Permission.MANAGE_WEBHOOKS)
        whose = WebhookEndpoint.project_id == query["project"]
    else:
        whose = WebhookEndpoint.user_id == actor.id
    found = select(WebhookEndpoint).where(whose).order_by(WebhookEndpoint.id)
    return counted_page(session, found, query)


def list_attempts(
    session: Session, endpoint: WebhookEndpoint, query: Mapping[str, Any]
) -> tuple[int, Sequence[WebhookAttempt]]:
    """Count and page of what was sent to an endpoint, newest first."""
    found = select(WebhookAttempt).where(WebhookAttempt.endpoint_id == endpoint.id)
    if "status" in query:
        found = found.where(WebhookAttempt.status == query["status"])
    if "event_type" in query:
        found = found.where(WebhookAttempt.event_type == query["event_type"])
    if "ok" in query:
        succeeded = func.coalesce(WebhookAttempt.status.between(200, 299), False)
        found = found.where(succeeded.is_(query["ok"]))
    return counted_page(session, found.order_by(WebhookAttempt.id.desc()), query)


def list_deliveries(
    session: Session, endpoint: WebhookEndpoint, query: Mapping[str, Any]
) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """Count and page (WebhookDeliverySchema) of what an endpoint is or was owed, newest first."""
    found = _deliveries(endpoint)
    if "state" in query:
        found = found.where(Delivery.state == query["state"])
    count = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.execute(numbered(found.order_by(Delivery.id.desc()), query)).mappings()
    return count, [dict(row) for row in rows]


def show_delivery(
    session: Session, endpoint: WebhookEndpoint, delivery_id: int
) -> Mapping[str, Any]:
    """One delivery as WebhookDeliverySchema prints it. Raises NotFound."""
    found = session.execute(_deliveries(endpoint).where(Delivery.id == delivery_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such delivery.")
    return dict(row)


def secrets_of(session: Session, endpoint_id: int) -> Sequence[str]:
    """The secrets that sign at this moment, newest first."""
    return session.scalars(
        select(WebhookSecret.secret)
        .where(
            WebhookSecret.endpoint_id == endpoint_id,
            or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > clock.now()),
        )
        .order_by(WebhookSecret.id.desc())
    ).all()


def active_endpoints(session: Session) -> Active:
    """Every endpoint that is switched on, read once per transaction.

    The relay asks for each event, and there may be hundreds of events in one transaction.
    """
    if not session.in_transaction():
        session.begin()
    transaction = session.get_transaction()
    of_when, known = session.info.get(_CACHE, (None, None))
    if of_when is not transaction:
        session.info[_CACHE] = transaction, (known := _read_active(session))
    found: Active = known
    return found


def _read_active(session: Session) -> Active:
    of_project: dict[int, list[Subscriber]] = {}
    of_user: dict[int, list[Subscriber]] = {}
    rows = session.execute(
        select(
            WebhookEndpoint.id,
            WebhookEndpoint.events,
            WebhookEndpoint.created_at,
            WebhookEndpoint.project_id,
            WebhookEndpoint.user_id,
        )
        .where(WebhookEndpoint.is_active)
        .order_by(WebhookEndpoint.id)
    )
    for endpoint_id, events, since, project_id, user_id in rows:
        subscriber = Subscriber(endpoint_id, events, since)
        if project_id is not None:
            of_project.setdefault(project_id, []).append(subscriber)
        elif user_id is not None:
            of_user.setdefault(user_id, []).append(subscriber)
    return Active(of_project, of_user)


def _deliveries(endpoint: WebhookEndpoint) -> Select[Any]:
    next_at = case((Delivery.state == State.PENDING, Delivery.next_at))
    return (
        select(
            Delivery.id,
            EventRecord.event_id,
            EventRecord.type.label("event_type"),
            Delivery.state,
            Delivery.attempts,
            next_at.label("next_at"),
            Delivery.last_error,
            Delivery.created_at,
            Delivery.finished_at,
        )
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(Delivery.channel == WEBHOOK_CHANNEL, Delivery.target == str(endpoint.id))
    )
