"""Reports: `/api/v1/reports/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.reports import queries
from app.reports.schemas import InsightSchema
from app.users.actor import current_actor

bp = Blueprint("report", __name__, description="Numbers over tasks")
api_limit(bp)


@bp.get("/reports/insight/")
@bp.response(200, InsightSchema)
def show_insight() -> dict[str, Any]:
    """Count the tasks that the caller may see, by status, priority and person"""
    return queries.current_insight(current_actor())
