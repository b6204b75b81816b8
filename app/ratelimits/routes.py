"""The records of limited requests: `/api/v1/admin/rate-limits/`."""

from typing import Any

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.ratelimits import queries, summary
from app.ratelimits.schemas import (
    RateLimitQuerySchema,
    RateLimitRecordSchema,
    RateLimitSummaryQuerySchema,
    RateLimitSummarySchema,
)
from app.users.actor import admins_only, current_actor

bp = Blueprint("rate_limit", __name__, description="See who uses the limited endpoints how often")
api_limit(bp)


@bp.get("/admin/rate-limits/")
@admins_only
@bp.arguments(RateLimitQuerySchema, location="query")
@bp.response(200, page_schema(RateLimitRecordSchema))
@bp.alt_response(403, description="Not a global ADMIN")
def list_records(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List how often who used which limited endpoint, hour by hour (administrators only)"""
    count, records = queries.read_records(db.session(), query, current_actor())
    return paged(count, records, query)


@bp.get("/admin/rate-limits/summary/")
@admins_only
@bp.arguments(RateLimitSummaryQuerySchema, location="query")
@bp.response(200, page_schema(RateLimitSummarySchema))
@bp.alt_response(403, description="Not a global ADMIN")
def summarise(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Add up who or what was limited how often, most rejected first (administrators only)"""
    count, groups = summary.read_summary(db.session(), query, current_actor())
    return paged(count, groups, query)
