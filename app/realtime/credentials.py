"""What a handshake carries: where it comes from and on whose behalf."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.config import Settings

Environ = dict[str, Any]


def token_of(environ: Environ) -> str | None:
    """The token in the Authorization header or in `?token=`; None where there is neither."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(token.strip())
    return parse_qs(environ.get("QUERY_STRING", "")).get("token", [None])[0]


def is_allowed_origin(origin: str, environ: Environ, settings: Settings) -> bool:
    """Whether a page of `origin` may open sockets: our own pages and `CORS_ORIGINS`."""
    if origin in settings.origins or "*" in settings.origins:
        return True
    return urlsplit(origin).netloc.lower() == environ.get("HTTP_HOST", "").lower()
