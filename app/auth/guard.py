"""Before every request: who is asking, and whether that is asked without a token.

Everything needs a token except what `app.blueprints` lists as public, so a forgotten decorator
closes a route instead of opening it.
"""

from collections.abc import Collection

from flask import Flask, g, request

from app.auth.service import authenticate
from app.auth.tokens import INVALID
from app.core.errors import Unauthenticated

MISSING = "Send a token: Authorization: Bearer <access token>. Sign in to get one."
SCHEMES = ("bearer", "token")
"""`Authorization: Token …` is what clients of Django REST framework's tokens send."""


def identify_caller() -> None:
    """Put the caller on `g.principal`; a bad token is only refused where one is needed."""
    g.principal, g.token_error = None, MISSING
    header = request.headers.get("Authorization")
    if header is None or request.endpoint is None:
        return
    scheme, _, token = header.partition(" ")
    g.token_error = INVALID
    if scheme.lower() not in SCHEMES:
        return
    try:
        g.principal = authenticate(token.strip())
    except Unauthenticated as error:
        g.token_error = error.detail


def require_token(app: Flask, public: Collection[str]) -> None:
    """Refuse requests without a good token, except to the `public` endpoints."""

    @app.before_request
    def check() -> None:
        if request.endpoint in (None, *public) or g.principal is not None:
            return
        raise Unauthenticated(g.token_error)
