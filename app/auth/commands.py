"""What one request does to sessions, each in a unit of work; shared with the dialects."""

from collections.abc import Mapping

from app.auth import service, tokens
from app.core.db import unit_of_work
from app.core.errors import Unauthenticated
from app.users.models import User


def sign_in(credentials: Mapping[str, str]) -> tuple[User, dict[str, str]]:
    """The user and the tokens of a new session; `credentials` as CredentialsSchema loads them.

    Raises Unauthenticated.
    """
    login = credentials.get("username") or credentials.get("email") or ""
    with unit_of_work() as session:
        user, opened = service.sign_in(session, login.strip(), credentials["password"])
    return user, tokens.issue(opened)


def refresh(token: str) -> dict[str, str]:
    """New tokens for a refresh token, which is used up. Raises Unauthenticated."""
    with unit_of_work() as session:
        renewed = service.refresh(session, token)
    if renewed is None:
        raise Unauthenticated("This refresh token was used before; the session has been ended.")
    return tokens.issue(renewed)
