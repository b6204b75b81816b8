"""One's own account: `/api/v1/auth/users/…`."""

from typing import Any

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit, registration_limit
from app.extensions import db
from app.users import commands, queries, service
from app.users.actor import current_actor
from app.users.models import User
from app.users.schemas import ProfileSchema, RegistrationSchema, UserSchema

bp = Blueprint("user", __name__, description="Register, see and change accounts")
api_limit(bp)


@bp.post("/auth/users/")
@registration_limit
@bp.arguments(RegistrationSchema)
@bp.response(201, UserSchema)
@bp.alt_response(403, description="The role is for an administrator to give")
@bp.alt_response(409, description="The username or the e-mail is taken")
def register(data: dict[str, Any]) -> User:
    """Register"""
    return commands.register(data)


@bp.get("/auth/users/me/")
@bp.response(200, UserSchema)
def show_me() -> User | None:
    """Show the caller's own account"""
    return queries.find_user(db.session(), current_actor().id)


@bp.patch("/auth/users/me/")
@bp.arguments(ProfileSchema)
@bp.response(200, UserSchema)
@bp.alt_response(409, description="The e-mail belongs to another account")
def change_me(data: dict[str, Any]) -> User:
    """Change the caller's own profile; a field that is left out stays as it is"""
    with unit_of_work() as session:
        return service.update_profile(session, current_actor().id, data)
