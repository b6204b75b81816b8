"""The feed over HTTP: `/api/v1/changes/`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import snapshot
from app.core.limits import api_limit
from app.realtime.changes import Changes, read_changes
from app.realtime.changes_schemas import ChangesQuerySchema, ChangesSchema
from app.users.actor import current_actor

bp = Blueprint("changes", __name__, description="Hear of every change without a socket")
api_limit(bp)


@bp.get("/changes/")
@bp.arguments(ChangesQuerySchema, location="query")
@bp.response(200, ChangesSchema)
@bp.alt_response(410, description="The cursor is too old: read the lists, begin without one")
def list_changes(query: dict[str, Any]) -> Changes:
    """List what has changed since a cursor, as the sockets tell it"""
    with snapshot() as session:
        return read_changes(session, query.get("since"), query["limit"], current_actor())
