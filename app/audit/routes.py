"""The audit log: `/api/v1/audit/logs/…`."""

from typing import Any

from flask import Response, stream_with_context

from app.audit import export, queries
from app.audit.schemas import LogExportQuerySchema, LogPageSchema, LogQuerySchema
from app.core import clock
from app.core.api import Blueprint
from app.core.downloads import download
from app.core.limits import api_limit
from app.core.pagination import url_with
from app.extensions import db
from app.users.actor import current_actor

bp = Blueprint("audit", __name__, description="Read who did what, when and from where")
api_limit(bp)


@bp.get("/audit/logs/")
@bp.arguments(LogQuerySchema, location="query")
@bp.response(200, LogPageSchema)
def read_log(query: dict[str, Any]) -> dict[str, Any]:
    """Read the log: one's own actions, those in projects one is ADMIN of, all as administrator"""
    page = queries.read_log(db.session(), query, current_actor())
    return {
        "count": min(page.total, queries.MAX_COUNT),
        "count_is_exact": page.total <= queries.MAX_COUNT,
        "next": url_with(before=page.entries[-1]["id"]) if page.has_more else None,
        "previous": None,
        "results": page.entries,
    }


@bp.get("/audit/logs/export/")
@bp.arguments(LogExportQuerySchema, location="query")
@bp.alt_response(200, description="CSV with a header, or one JSON object a line", success=True)
def export_log(query: dict[str, Any]) -> Response:
    """Export the log, as far as the caller may read it, as CSV or JSON lines"""
    form = query.pop("format")
    lines = export.WRITERS[form](queries.export_log(query, current_actor()))
    # Who the caller is has been asked; nothing is held open while the client reads.
    db.session.remove()
    name = f"audit-log-{clock.now():%Y-%m-%d}.{form}"
    return download(stream_with_context(lines), media_type=export.MEDIA_TYPES[form], name=name)
