"""The inbox and its preferences: `/api/v1/notifications/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.core.pagination import cursor_links
from app.extensions import db
from app.notifications import inbox, preferences, queries
from app.notifications.queries import MAX_COUNT, NEWEST
from app.notifications.schemas import (
    InboxQuerySchema,
    MarkSchema,
    NotificationPageSchema,
    NotificationSchema,
    PreferencesPatchSchema,
    PreferencesSchema,
    ReadSchema,
    UnreadSchema,
)
from app.users.actor import current_actor

bp = Blueprint("notification", __name__, description="Read the inbox, choose what to be told")
api_limit(bp)


@bp.get("/notifications/")
@bp.arguments(InboxQuerySchema, location="query")
@bp.response(200, NotificationPageSchema)
def read_inbox(query: dict[str, Any]) -> dict[str, Any]:
    """List the caller's notifications, newest first"""
    cursor = NEWEST.decode(query["cursor"]) if "cursor" in query else None
    page = queries.read_inbox(db.session(), query, cursor, current_actor())
    keys = [(row["id"],) for row in page.rows]
    onwards, back = cursor_links(NEWEST, cursor, keys, has_more=page.has_more)
    return {
        "count": min(page.total, MAX_COUNT),
        "count_is_exact": page.total <= MAX_COUNT,
        "next": onwards,
        "previous": back,
        "results": page.rows,
    }


@bp.get("/notifications/count/")
@bp.response(200, UnreadSchema)
def count_unread() -> dict[str, int]:
    """Count the caller's unread notifications"""
    return {"unread": queries.count_unread(db.session(), current_actor().id)}


@bp.patch("/notifications/<id:notification_id>/")
@bp.arguments(MarkSchema)
@bp.response(200, NotificationSchema)
def mark(data: dict[str, Any], notification_id: int) -> dict[str, Any]:
    """Mark a notification read or unread"""
    with unit_of_work() as session:
        return inbox.mark(session, notification_id, read=data["read"], actor=current_actor())


@bp.post("/notifications/read/")
@bp.arguments(ReadSchema)
@bp.response(200, UnreadSchema)
def mark_read(data: dict[str, Any]) -> dict[str, int]:
    """Mark several notifications read, or all up to one; answers how many stay unread"""
    with unit_of_work() as session:
        return {"unread": inbox.mark_read(session, data, actor=current_actor())}


@bp.get("/notifications/preferences/")
@bp.response(200, PreferencesSchema)
def show_preferences() -> dict[str, Any]:
    """Show what the caller wants to be told, and by which channels"""
    return {"results": preferences.table_of(db.session(), current_actor().id)}


@bp.patch("/notifications/preferences/")
@bp.arguments(PreferencesPatchSchema, example={"changed": {"email": False}})
@bp.response(200, PreferencesSchema)
def change_preferences(data: dict[str, Any]) -> dict[str, Any]:
    """Choose what to be told, and by which channels; what is left out stays as it is"""
    with unit_of_work() as session:
        preferences.change(session, current_actor().id, data)
        return {"results": preferences.table_of(session, current_actor().id)}
