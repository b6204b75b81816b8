"""Saved filters: `/api/v1/filters/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema
from app.extensions import db
from app.tasks import saved_filters as service
from app.tasks.models import SavedFilter
from app.tasks.saved_filters import (
    SavedFilterInputSchema,
    SavedFilterPatchSchema,
    SavedFilterSchema,
)
from app.users.actor import current_actor

bp = Blueprint("filter", __name__, description="Keep filters of the task list under a name")
api_limit(bp)

NAME_IS_TAKEN = "Another of the caller's filters has that name"


@bp.get("/filters/")
@bp.response(200, page_schema(SavedFilterSchema))
def list_filters() -> Page[SavedFilter]:
    """List the caller's saved filters, by name; there are at most 100"""
    found = service.list_filters(db.session(), current_actor())
    return {"count": len(found), "next": None, "previous": None, "results": found}


@bp.post("/filters/")
@bp.arguments(SavedFilterInputSchema, example={"name": "Due today", "query": {"due_date": "today"}})
@bp.response(201, SavedFilterSchema)
@bp.alt_response(409, description=NAME_IS_TAKEN)
def create_filter(data: dict[str, Any]) -> SavedFilter:
    """Save a filter; use it as /api/v1/tasks/?filter=<id>"""
    with unit_of_work() as session:
        return service.create_filter(session, data, actor=current_actor())


@bp.get("/filters/<id:filter_id>/")
@bp.response(200, SavedFilterSchema)
def show_filter(filter_id: int) -> SavedFilter:
    """Show a saved filter"""
    return service.get_filter(db.session(), filter_id, current_actor())


@bp.patch("/filters/<id:filter_id>/")
@bp.arguments(SavedFilterPatchSchema)
@bp.response(200, SavedFilterSchema)
@bp.alt_response(409, description=NAME_IS_TAKEN)
def change_filter(data: dict[str, Any], filter_id: int) -> SavedFilter:
    """Change a saved filter"""
    with unit_of_work() as session:
        return service.update_filter(session, filter_id, data, actor=current_actor())


@bp.delete("/filters/<id:filter_id>/")
@bp.response(204)
def delete_filter(filter_id: int) -> None:
    """Delete a saved filter"""
    with unit_of_work() as session:
        service.delete_filter(session, filter_id, actor=current_actor())
