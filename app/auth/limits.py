"""How often somebody may try to sign in: one bucket for all the routes that take a password."""

from flask import request
from flask_limiter.util import get_remote_address
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.core import json
from app.core.errors import ServiceError
from app.core.limits import sign_in_rate
from app.extensions import db, limiter
from app.users.queries import find_by_login

MAX_LOGIN = 254


def sign_in_key() -> str:
    """Account and address together, so that nobody can lock an owner out from elsewhere.

    An account is the same by its username and by its e-mail. Nothing may escape from here: the
    limiter would take it for a Redis that is down.
    """
    login = _login()
    return f"{_account(login) or f'name {login}'}|{get_remote_address()}"


def _login() -> str:
    """The name in the body; empty where the view will refuse the body."""
    try:
        body = json.loads(request.get_data(cache=True))
    except (ServiceError, HTTPException):
        return ""
    fields = body if isinstance(body, dict) else {}
    return str(fields.get("username") or fields.get("email") or "").strip().lower()[:MAX_LOGIN]


def _account(login: str) -> str | None:
    """Whose name it is; None where it is nobody's."""
    try:
        user = find_by_login(db.session(), login)
    except SQLAlchemyError:
        # The view asks the database as well, and answers for it.
        db.session.rollback()
        return None
    return f"account {user.id}" if user else None


sign_in_limit = limiter.shared_limit(sign_in_rate, scope="sign_in", key_func=sign_in_key)
"""Decorates a view that takes a name and a password."""
