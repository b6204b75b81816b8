"""What a handshake carries: where it comes from and on whose behalf."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.config import Settings

Environ = dict[str, Any]

BEARER = "bearer"
"""The subprotocol whose second part is the token."""


def token_of(environ: Environ) -> str | None:
    """The token in `Authorization` (Bearer or Token) or `?token=`; None where there is neither.

    What is there but cannot be a token is the empty one, which is refused like any bad token.
    """
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    if header:
        scheme, _, token = header.partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "token"} else ""
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    return query["token"][0] if "token" in query else None


def subprotocol_token(environ: Environ) -> str | None:
    """The token in `Sec-WebSocket-Protocol: bearer, <token>`, as browsers can send one."""
    offered = str(environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")).split(",")
    names = [name.strip() for name in offered]
    if names[0] != BEARER:
        return None
    return names[1] if len(names) == 2 else ""


def is_allowed_origin(origin: str, environ: Environ, settings: Settings) -> bool:
    """Whether a page of `origin` may open sockets: our own pages and `CORS_ORIGINS`."""
    if origin in settings.origins or "*" in settings.origins:
        return True
    host = str(environ.get("HTTP_HOST", "")).lower()
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host
    except ValueError:
        return False
