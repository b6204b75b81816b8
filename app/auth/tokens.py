"""The two tokens of a session, as JWTs. What they say is believed only with the session's word."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.auth.models import SignInSession
from app.core.errors import Unauthenticated

INVALID = "The token is missing, malformed or no longer valid. Sign in again for a new one."

COOKIE = "session"
"""The cookie of the web page, which holds a refresh token."""


@dataclass(frozen=True)
class Claims:
    """What a verified token says; `token_id` is its `jti`."""

    user_id: int
    session_id: uuid.UUID
    token_id: uuid.UUID
    expires_at: datetime


def issue(session: SignInSession) -> dict[str, str]:
    """A fresh access token and the session's current refresh token."""
    identity, claims = str(session.user_id), {"sid": str(session.id)}
    return {
        "access": create_access_token(identity, additional_claims=claims),
        "refresh": create_refresh_token(
            identity, additional_claims=claims | {"jti": str(session.refresh_id)}
        ),
    }


def read(token: str, kind: str) -> Claims:
    """Verify signature, algorithm, audience, issuer, times and kind (`access` or `refresh`).

    Raises Unauthenticated, whatever is wrong: a token that is no token answers 401, never 422.
    """
    try:
        decode_token(token)
        # What was verified is read again as it is: the library makes a token without a type an
        # access token.
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        if claims["type"] != kind:
            raise Unauthenticated(f"This is no {kind} token.")
        return Claims(
            user_id=int(claims["sub"]),
            session_id=uuid.UUID(claims["sid"]),
            token_id=uuid.UUID(claims["jti"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (PyJWTError, JWTExtendedException, KeyError, ValueError, TypeError, AttributeError):
        raise Unauthenticated(INVALID) from None
