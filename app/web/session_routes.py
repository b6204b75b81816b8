"""Sessions of the web page: `/session/`, where the refresh token is a cookie no script can read.

The page holds its access token in memory only. The cookie is `SameSite=Strict`, so no other site
can make a browser send it; over HTTP it is good for nothing but what is here, and besides for
opening a socket from a page of our own.
"""

from typing import Any

from flask import request
from marshmallow import Schema, fields
from werkzeug.http import dump_cookie

from app.auth import commands, service
from app.auth.limits import sign_in_limit
from app.auth.schemas import CredentialsSchema
from app.auth.tokens import COOKIE
from app.config import current_settings
from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.errors import Unauthenticated
from app.core.limits import api_limit, sign_in_address_limit, web_session_limit
from app.users.actor import current_actor
from app.users.schemas import UserSchema

_NOT_STORED = {"Cache-Control": "no-store"}

Answer = tuple[dict[str, Any], int, dict[str, str]]

bp = Blueprint("session", __name__, description="How the web page signs in and stays signed in")


class AccessSchema(Schema):
    """The access token; the refresh token is in the cookie."""

    access = fields.String(allow_none=True)


class WebSessionSchema(AccessSchema):
    """The access token and whom it stands for."""

    user = fields.Nested(UserSchema)


@bp.post("/session/")
@sign_in_limit
@sign_in_address_limit
@bp.arguments(CredentialsSchema, example={"username": "ada", "password": "a long password"})
@bp.response(200, WebSessionSchema)
@bp.alt_response(401, description="Wrong username, e-mail or password")
def start(credentials: dict[str, str]) -> Answer:
    """Sign in on the web page; the refresh token goes into the cookie `session`"""
    user, issued = commands.sign_in(credentials)
    return {"access": issued["access"], "user": user}, 200, _kept(issued["refresh"])


@bp.post("/session/refresh/")
@web_session_limit
@bp.response(200, AccessSchema)
@bp.alt_response(401, description="The session has ended; the cookie is deleted")
def refresh() -> Answer:
    """Exchange the cookie `session` for an access token and a new cookie; null without a cookie"""
    if COOKIE not in request.cookies:
        return {"access": None}, 200, _NOT_STORED
    try:
        issued = commands.refresh(request.cookies[COOKIE])
    except Unauthenticated as error:
        error.headers |= _forgotten()
        raise
    return {"access": issued["access"]}, 200, _kept(issued["refresh"])


@bp.delete("/session/")
@api_limit
@bp.response(204)
def end() -> tuple[None, int, dict[str, str]]:
    """Sign out of the web page; its access token ends with the session"""
    with unit_of_work() as session:
        service.sign_out(session, current_actor())
    return None, 204, _forgotten()


def _kept(refresh_token: str) -> dict[str, str]:
    """The header that sets the cookie, for as long as a refresh token lives."""
    lifetime = current_settings().JWT_REFRESH_TOKEN_LIFETIME * 60
    return {"Set-Cookie": _cookie(refresh_token, lifetime), **_NOT_STORED}


def _forgotten() -> dict[str, str]:
    """The header that deletes the cookie."""
    return {"Set-Cookie": _cookie("", 0), **_NOT_STORED}


def _cookie(value: str, max_age: int) -> str:
    return dump_cookie(
        COOKIE,
        value,
        max_age=max_age,
        path=f"{request.script_root}/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
