"""Whose connection it is: the token in the header, looked up in the database."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.middleware import BaseMiddleware

from benchmarks.peers.channels.models import Token


class TokenMiddleware(BaseMiddleware):
    """Puts the id of the user into the scope; None without a good token."""

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any
    ) -> Any:
        header = dict(scope["headers"]).get(b"authorization", b"").decode()
        scope["user_id"] = await _user_of(header.removeprefix("Token "))
        return await super().__call__(scope, receive, send)


@database_sync_to_async
def _user_of(key: str) -> int | None:
    return Token.objects.filter(key=key).values_list("user_id", flat=True).first()
