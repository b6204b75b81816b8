"""The daily log of the tasks: `/api/v1/tasks/logs/`."""

from typing import Any

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import cursor_links
from app.extensions import db
from app.task_logs import queries
from app.task_logs.queries import MAX_COUNT, NEWEST
from app.task_logs.schemas import TaskLogPageSchema, TaskLogQuerySchema
from app.users.actor import current_actor

bp = Blueprint("task_log", __name__, description="See what tasks looked like on earlier days")
api_limit(bp)


@bp.get("/tasks/logs/")
@bp.arguments(TaskLogQuerySchema, location="query")
@bp.response(200, TaskLogPageSchema)
def list_logs(query: dict[str, Any]) -> dict[str, Any]:
    """List the log of a day, or of a task; of the tasks that the caller sees now"""
    cursor = NEWEST.decode(query["cursor"]) if "cursor" in query else None
    page = queries.read_logs(db.session(), query, cursor, current_actor())
    keys = [(row.day, row.task_id) for row in page.rows]
    onwards, back = cursor_links(NEWEST, cursor, keys, has_more=page.has_more)
    return {
        "count": min(page.total, MAX_COUNT),
        "count_is_exact": page.total <= MAX_COUNT,
        "next": onwards,
        "previous": back,
        "results": page.rows,
    }
