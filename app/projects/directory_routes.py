"""People: `/api/v1/users/…`, as much of each account as the caller may see."""

from typing import Any

from flask import Response, jsonify

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import page_schema, paged
from app.extensions import db
from app.projects import commands, directory
from app.users.actor import current_actor
from app.users.schemas import AccountSchema, UserQuerySchema, UserSchema

bp = Blueprint("directory", __name__, description="Find people, change accounts")
api_limit(bp)


@bp.get("/users/")
@bp.arguments(UserQuerySchema, location="query")
@bp.alt_response(200, schema=page_schema(UserSchema), success=True)
@bp.alt_response(403, description="A filter for administrators only")
def list_users(query: dict[str, Any]) -> Response:
    """List accounts (administrators), or the names of those one shares a project with"""
    actor = current_actor()
    count, people = directory.list_people(db.session(), query, actor)
    return jsonify(paged(count, [directory.as_seen(user, actor) for user in people], query))


@bp.get("/users/<id:user_id>/")
@bp.alt_response(200, schema=UserSchema, success=True)
def show_user(user_id: int) -> Response:
    """Show an account (administrators), or the name of somebody one shares a project with"""
    actor = current_actor()
    person = directory.find_person(db.session(), user_id, actor)
    return jsonify(directory.as_seen(person, actor))


@bp.patch("/users/<id:user_id>/")
@bp.arguments(AccountSchema)
@bp.alt_response(200, schema=UserSchema, success=True)
@bp.alt_response(403, description="Somebody else's account, or a field, for administrators only")
@bp.alt_response(409, description="The name is taken, or no active administrator would be left")
def change_user(data: dict[str, Any], user_id: int) -> Response:
    """Change one's own account, or any as an administrator; disabling ends its sessions"""
    return jsonify(commands.change_account(user_id, data))


@bp.delete("/users/<id:user_id>/")
@bp.response(204)
@bp.alt_response(403, description="Somebody else's account, for administrators only")
@bp.alt_response(409, description="No active administrator would be left")
def close_account(user_id: int) -> None:
    """Disable one's own account, or any as an administrator; what it did stays"""
    commands.close_account(user_id)
