"""The processes of the service: `/api/v1/admin/processes/`."""

from typing import Any

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.core.query import NumberedPageSchema
from app.extensions import db
from app.processes import queries
from app.processes.models import Heartbeat
from app.processes.schemas import ProcessSchema
from app.users.actor import admins_only

bp = Blueprint("process", __name__, description="See which processes of the service are alive")
api_limit(bp)


@bp.get("/admin/processes/")
@admins_only
@bp.arguments(NumberedPageSchema, location="query")
@bp.response(200, page_schema(ProcessSchema))
@bp.alt_response(403, description="Not a global ADMIN")
def list_processes(query: dict[str, Any]) -> Page[Heartbeat]:
    """List the processes that were alive within the last day (administrators only)"""
    count, processes = queries.read_processes(db.session(), query)
    return paged(count, processes, query)
