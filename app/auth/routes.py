"""Signing in and out: `/api/v1/auth/…`."""

from typing import Any

from app.auth import commands, service, tokens
from app.auth.limits import sign_in_limit
from app.auth.schemas import (
    CredentialsSchema,
    PasswordChangeSchema,
    RefreshSchema,
    SignedInSchema,
    TokensSchema,
)
from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.limits import api_limit, password_limit, sign_in_address_limit
from app.users.actor import current_actor

bp = Blueprint("auth", __name__, description="Sign in, stay signed in, sign out")
api_limit(bp)


@bp.post("/auth/login/")
@sign_in_limit
@sign_in_address_limit
@bp.arguments(CredentialsSchema, example={"username": "ada", "password": "a long password"})
@bp.response(200, SignedInSchema)
@bp.alt_response(401, description="Wrong username, e-mail or password")
def sign_in(credentials: dict[str, str]) -> dict[str, Any]:
    """Sign in with a username or an e-mail"""
    user, issued = commands.sign_in(credentials)
    return {**issued, "user": user}


@bp.post("/auth/refresh/")
@bp.arguments(RefreshSchema)
@bp.response(200, TokensSchema)
@bp.alt_response(401, description="The token is not good (any more)")
def refresh(body: dict[str, str]) -> dict[str, str]:
    """Exchange a refresh token for a new pair; the old one is used up"""
    return commands.refresh(body["refresh"])


@bp.post("/auth/logout/")
@bp.response(204)
def sign_out() -> None:
    """End this session, its access token and its refresh token"""
    with unit_of_work() as session:
        service.sign_out(session, current_actor())


@bp.post("/auth/logout-all/")
@bp.response(204)
def sign_out_everywhere() -> None:
    """End all sessions of the caller, on every device"""
    with unit_of_work() as session:
        service.sign_out_everywhere(session, current_actor())


@bp.post("/auth/users/me/password/")
@password_limit
@bp.arguments(PasswordChangeSchema)
@bp.response(200, TokensSchema)
def change_password(body: dict[str, str]) -> dict[str, str]:
    """Change the password; ends all sessions and returns the tokens of a new one"""
    current, new = body["current_password"], body["new_password"]
    with unit_of_work() as session:
        opened = service.change_password(session, current, new, actor=current_actor())
    return tokens.issue(opened)
