"""Webhooks: `/api/v1/webhooks/…`."""

from datetime import timedelta
from typing import Any

from flask import Response, jsonify

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.etag import expected_version, with_etag
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.users.actor import current_actor
from app.webhooks import queries, redelivery, service
from app.webhooks.models import WebhookAttempt, WebhookEndpoint
from app.webhooks.redelivery import Replayed
from app.webhooks.schemas import (
    AttemptQuerySchema,
    DeliveryQuerySchema,
    ReplayInputSchema,
    ReplaySchema,
    SecretInputSchema,
    SecretSchema,
    WebhookAttemptSchema,
    WebhookDeliverySchema,
    WebhookInputSchema,
    WebhookPatchSchema,
    WebhookQuerySchema,
    WebhookSchema,
    WebhookWithSecretSchema,
)

bp = Blueprint("webhook", __name__, description="Have events posted to an address")
api_limit(bp)

NEEDS_ADMIN = "Needs ADMIN of the project"
IS_OFF = "The webhook is switched off, or the project is archived"


@bp.get("/webhooks/")
@bp.arguments(WebhookQuerySchema, location="query")
@bp.response(200, page_schema(WebhookSchema))
@bp.alt_response(403, description=NEEDS_ADMIN)
def list_webhooks(query: dict[str, Any]) -> Page[WebhookEndpoint]:
    """List the webhooks of a project, or one's own"""
    count, found = queries.list_endpoints(db.session(), query, current_actor())
    return paged(count, found, query)


@bp.post("/webhooks/")
@bp.arguments(WebhookInputSchema)
@bp.alt_response(201, schema=WebhookWithSecretSchema, success=True)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description="There are 10 already, or the project is archived")
def create_webhook(data: dict[str, Any]) -> Response:
    """Create a webhook; its secret is shown this once"""
    with unit_of_work() as session:
        endpoint, secret = service.create_endpoint(session, data, actor=current_actor())
    return _webhook(endpoint, 201, secret=secret)


@bp.get("/webhooks/<id:webhook_id>/")
@bp.response(200, WebhookSchema)
@bp.alt_response(403, description=NEEDS_ADMIN)
def show_webhook(webhook_id: int) -> WebhookEndpoint:
    """Show a webhook and how its deliveries are doing"""
    return queries.get_endpoint(db.session(), webhook_id, current_actor())


@bp.patch("/webhooks/<id:webhook_id>/")
@bp.arguments(WebhookPatchSchema)
@bp.alt_response(200, schema=WebhookSchema, success=True)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description="The project is archived")
@bp.alt_response(412, description="The webhook is not at the version in If-Match")
def change_webhook(data: dict[str, Any], webhook_id: int) -> Response:
    """Change a webhook, switch it on or off; what is left out stays"""
    version = expected_version()
    with unit_of_work() as session:
        endpoint = service.update_endpoint(
            session, webhook_id, data, actor=current_actor(), version=version
        )
    return _webhook(endpoint, 200)


@bp.delete("/webhooks/<id:webhook_id>/")
@bp.response(204)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description="The project is archived")
def delete_webhook(webhook_id: int) -> None:
    """Delete a webhook; what it is owed is dropped"""
    with unit_of_work() as session:
        service.delete_endpoint(session, webhook_id, actor=current_actor())


@bp.post("/webhooks/<id:webhook_id>/secrets/")
@bp.arguments(SecretInputSchema)
@bp.response(201, SecretSchema)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description="The project is archived")
def rotate_secret(data: dict[str, Any], webhook_id: int) -> dict[str, Any]:
    """Make a new secret, shown this once; the old one signs besides for a while"""
    overlap = timedelta(hours=data["overlap_hours"])
    with unit_of_work() as session:
        new, old = service.rotate_secret(session, webhook_id, overlap, actor=current_actor())
    return {
        "secret": new.secret,
        "created_at": new.created_at,
        "old_secret_expires_at": old.expires_at,
    }


@bp.post("/webhooks/<id:webhook_id>/test/")
@bp.response(202, WebhookSchema)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description=IS_OFF)
def test_webhook(webhook_id: int) -> WebhookEndpoint:
    """Send `webhook.ping`, to see whether it arrives"""
    with unit_of_work() as session:
        return service.ping(session, webhook_id, actor=current_actor())


@bp.get("/webhooks/<id:webhook_id>/attempts/")
@bp.arguments(AttemptQuerySchema, location="query")
@bp.response(200, page_schema(WebhookAttemptSchema))
@bp.alt_response(403, description=NEEDS_ADMIN)
def list_attempts(query: dict[str, Any], webhook_id: int) -> Page[WebhookAttempt]:
    """List what was sent in the last 30 days and what came back, newest first"""
    session = db.session()
    endpoint = queries.get_endpoint(session, webhook_id, current_actor())
    count, found = queries.list_attempts(session, endpoint, query)
    return paged(count, found, query)


@bp.get("/webhooks/<id:webhook_id>/deliveries/")
@bp.arguments(DeliveryQuerySchema, location="query")
@bp.response(200, page_schema(WebhookDeliverySchema))
@bp.alt_response(403, description=NEEDS_ADMIN)
def list_deliveries(query: dict[str, Any], webhook_id: int) -> Page[Any]:
    """List what a webhook is or was owed and how far that is, newest first"""
    session = db.session()
    endpoint = queries.get_endpoint(session, webhook_id, current_actor())
    count, found = queries.list_deliveries(session, endpoint, query)
    return paged(count, found, query)


@bp.post("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/redeliver/")
@bp.response(202, WebhookDeliverySchema)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description=IS_OFF)
def redeliver(webhook_id: int, delivery_id: int) -> Any:
    """Send again what was delivered, dropped or given up, with the same webhook-id"""
    with unit_of_work() as session:
        return redelivery.redeliver(session, webhook_id, delivery_id, actor=current_actor())


@bp.post("/webhooks/<id:webhook_id>/replay/")
@bp.arguments(ReplayInputSchema)
@bp.response(202, ReplaySchema)
@bp.alt_response(403, description=NEEDS_ADMIN)
@bp.alt_response(409, description=f"{IS_OFF}, or the webhook is one of a user")
@bp.alt_response(410, description="Some of these events are not kept any more")
def replay(data: dict[str, Any], webhook_id: int) -> Replayed:
    """Send a part of the project's stream again, 10,000 events at a time"""
    with unit_of_work() as session:
        return redelivery.replay(
            session, webhook_id, data["from_seq"], data["to_seq"], actor=current_actor()
        )


def _webhook(endpoint: WebhookEndpoint, status: int, **more: str) -> Response:
    """`endpoint` with its ETag. A GET has none: how deliveries are doing changes no version."""
    response = jsonify(WebhookSchema().dump(endpoint) | more)
    response.status_code = status
    return with_etag(response, endpoint.version)
