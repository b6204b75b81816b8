"""Comments: `/api/v1/tasks/<id>/comments/` and `/api/v1/comments/<id>/`."""

from typing import Any

from app.comments import queries, service
from app.comments.models import Comment
from app.comments.queries import OLDEST_FIRST
from app.comments.schemas import (
    CommentInputSchema,
    CommentPatchSchema,
    CommentQuerySchema,
    CommentSchema,
)
from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit
from app.core.pagination import Page, cursor_links, page_schema
from app.extensions import db
from app.tasks.queries import get_task
from app.users.actor import current_actor

bp = Blueprint("comment", __name__, description="Talk about tasks")
api_limit(bp)


@bp.get("/tasks/<id:task_id>/comments/")
@bp.arguments(CommentQuerySchema, location="query")
@bp.response(200, page_schema(CommentSchema))
def list_comments(query: dict[str, Any], task_id: int) -> Page[Comment]:
    """List the comments of a task, oldest first"""
    session = db.session()
    task = get_task(session, task_id, current_actor())
    cursor = OLDEST_FIRST.decode(query["cursor"]) if "cursor" in query else None
    rows = queries.list_comments(session, task.id, cursor, query["page_size"])
    ids = [(comment.id,) for comment in rows.comments]
    following, previous = cursor_links(OLDEST_FIRST, cursor, ids, has_more=rows.has_more)
    count = queries.count_comments(session, task.id)
    return {"count": count, "next": following, "previous": previous, "results": rows.comments}


@bp.post("/tasks/<id:task_id>/comments/")
@bp.arguments(CommentInputSchema)
@bp.response(201, CommentSchema)
@bp.alt_response(409, description="The project is archived")
def add_comment(data: dict[str, Any], task_id: int) -> Comment:
    """Comment on a task, or answer a comment; `@username` tells who is meant"""
    with unit_of_work() as session:
        return service.add_comment(session, task_id, data, actor=current_actor())


@bp.get("/comments/<id:comment_id>/")
@bp.response(200, CommentSchema)
def show_comment(comment_id: int) -> Comment:
    """Show one comment"""
    return queries.get_comment(db.session(), comment_id, current_actor())


@bp.patch("/comments/<id:comment_id>/")
@bp.arguments(CommentPatchSchema)
@bp.response(200, CommentSchema)
@bp.alt_response(403, description="Not the author")
@bp.alt_response(409, description="The comment is deleted, or the project is archived")
def edit_comment(data: dict[str, Any], comment_id: int) -> Comment:
    """Edit a comment; it is marked as edited"""
    with unit_of_work() as session:
        return service.edit_comment(session, comment_id, data["body"], actor=current_actor())


@bp.delete("/comments/<id:comment_id>/")
@bp.response(204)
@bp.alt_response(403, description="Neither the author nor a MANAGER of the project")
@bp.alt_response(409, description="The project is archived")
def delete_comment(comment_id: int) -> None:
    """Delete a comment; its place among the others stays"""
    with unit_of_work() as session:
        service.delete_comment(session, comment_id, actor=current_actor())
