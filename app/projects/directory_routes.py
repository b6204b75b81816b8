"""People: `GET /api/v1/users/…`, as much of each account as the caller may see."""

from typing import Any

from flask import Response, jsonify

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import page_schema, paged
from app.extensions import db
from app.projects import directory
from app.users.actor import Actor, current_actor
from app.users.schemas import PublicUserSchema, UserQuerySchema, UserSchema

bp = Blueprint("directory", __name__, description="Find people")
api_limit(bp)


@bp.get("/users/")
@bp.arguments(UserQuerySchema, location="query")
@bp.alt_response(200, schema=page_schema(UserSchema), success=True)
@bp.alt_response(403, description="A filter for administrators only")
def list_users(query: dict[str, Any]) -> Response:
    """List accounts (administrators), or the names of those one shares a project with"""
    actor = current_actor()
    count, people = directory.list_people(db.session(), query, actor)
    return jsonify(paged(count, _schema_for(actor).dump(people, many=True), query))


@bp.get("/users/<id:user_id>/")
@bp.alt_response(200, schema=UserSchema, success=True)
def show_user(user_id: int) -> Response:
    """Show an account (administrators), or the name of somebody one shares a project with"""
    actor = current_actor()
    return jsonify(_schema_for(actor).dump(directory.find_person(db.session(), user_id, actor)))


def _schema_for(actor: Actor) -> PublicUserSchema:
    return UserSchema() if actor.is_admin else PublicUserSchema()
