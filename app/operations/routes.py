"""What operators see and steer: `/api/v1/admin/queues/` and `/api/v1/admin/deliveries/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.core.pagination import url_with
from app.extensions import db
from app.operations import measuring, queries, service
from app.operations.schemas import (
    DeliveryPageSchema,
    DeliveryQuerySchema,
    DropManySchema,
    ExplainedDeliverySchema,
    HandledSchema,
    QueuesSchema,
    ReasonSchema,
    RequeueManySchema,
)
from app.users.actor import admins_only, current_actor

bp = Blueprint("operations", __name__, description="See what is under way, and steer it")
api_limit(bp)

_FORBIDDEN: dict[str, Any] = {"description": "Not a global ADMIN"}


@bp.get("/admin/queues/")
@admins_only
@bp.response(200, QueuesSchema)
@bp.alt_response(403, **_FORBIDDEN)
def read_queues() -> dict[str, Any]:
    """Tell how much is under way by channel and queue, and how old it is (administrators only)"""
    return measuring.read_queues(db.session())


@bp.get("/admin/deliveries/")
@admins_only
@bp.arguments(DeliveryQuerySchema, location="query")
@bp.response(200, DeliveryPageSchema)
@bp.alt_response(403, **_FORBIDDEN)
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """List mails and other deliveries, newest first (administrators only)"""
    page = queries.list_deliveries(db.session(), query, current_actor())
    return {
        "count": min(page.total, queries.MAX_COUNT),
        "count_is_exact": page.total <= queries.MAX_COUNT,
        "next": url_with(before=page.deliveries[-1]["id"]) if page.has_more else None,
        "previous": None,
        "results": page.deliveries,
    }


@bp.get("/admin/deliveries/<id:delivery_id>/")
@admins_only
@bp.response(200, ExplainedDeliverySchema)
@bp.alt_response(403, **_FORBIDDEN)
def read_delivery(delivery_id: int) -> dict[str, Any]:
    """Explain a delivery: how it stands, why, and what comes next (administrators only)"""
    return service.read_delivery(db.session(), delivery_id)


@bp.post("/admin/deliveries/<id:delivery_id>/requeue/")
@admins_only
@bp.response(200, HandledSchema)
def requeue_delivery(delivery_id: int) -> dict[str, Any]:
    """Have a delivery tried again at once; its three days begin anew (administrators only)"""
    with unit_of_work() as session:
        return service.requeue_one(session, delivery_id, actor=current_actor())


@bp.post("/admin/deliveries/<id:delivery_id>/drop/")
@admins_only
@bp.arguments(ReasonSchema)
@bp.response(200, HandledSchema)
def drop_delivery(body: dict[str, Any], delivery_id: int) -> dict[str, Any]:
    """Give a delivery up (administrators only)"""
    with unit_of_work() as session:
        return service.drop_one(session, delivery_id, body["reason"], actor=current_actor())


@bp.post("/admin/deliveries/requeue/")
@admins_only
@bp.arguments(RequeueManySchema)
@bp.response(200, HandledSchema)
def requeue_deliveries(body: dict[str, Any]) -> dict[str, Any]:
    """Have the deliveries that match tried again, or tell which these are (administrators only)"""
    with unit_of_work(dry_run=body["dry_run"]) as session:
        return service.requeue_many(session, body, actor=current_actor())


@bp.post("/admin/deliveries/drop/")
@admins_only
@bp.arguments(DropManySchema)
@bp.response(200, HandledSchema)
def drop_deliveries(body: dict[str, Any]) -> dict[str, Any]:
    """Give up the deliveries that match, or tell which these are (administrators only)"""
    with unit_of_work(dry_run=body["dry_run"]) as session:
        return service.drop_many(session, body, actor=current_actor())
