"""What a handshake carries: where it comes from and on whose behalf."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.http import parse_cookie

from app.auth.service import authenticate_session, authenticate_until
from app.auth.tokens import COOKIE
from app.config import Settings
from app.core.errors import BadRequest
from app.users.actor import Actor

Environ = dict[str, Any]

BEARER = "bearer"
"""The subprotocol whose second part is the token."""


@dataclass(frozen=True)
class Credential:
    """What somebody shows: an access token, or with `is_cookie` what was in the page's cookie."""

    text: str
    is_cookie: bool = False

    def identify(self) -> tuple[Actor, datetime]:
        """Whom it stands for and until when. Raises Unauthenticated."""
        return (authenticate_session if self.is_cookie else authenticate_until)(self.text)


def given_token(value: object) -> Credential:
    """The token in a message; what cannot be one is the empty one, which is refused."""
    return Credential(value if isinstance(value, str) else "")


def credential_of(environ: Environ) -> Credential | None:
    """What a handshake shows, the token before the cookie; None where it shows nothing."""
    for text in (token_of(environ), subprotocol_token(environ)):
        if text is not None:
            return Credential(text)
    # Browsers send cookies along whichever page opens the socket; only our own may use it.
    if not _is_own_page(environ):
        return None
    cookie = parse_cookie(environ).get(COOKIE)
    return Credential(cookie, is_cookie=True) if cookie else None


def follows_all(value: object) -> bool:
    """Read `follow`: `all`, which is the default, or `none`. Raises BadRequest."""
    if value not in (None, "all", "none"):
        raise BadRequest('follow must be "all" or "none".')
    return value != "none"


def source_of(environ: Environ) -> str:
    """The address that a connection counts for; of IPv6 the network, all of it one customer."""
    address = str(environ["REMOTE_ADDR"])
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return address


def token_of(environ: Environ) -> str | None:
    """The token in `Authorization` (Bearer or Token) or `?token=`; None where there is neither.

    What is there but cannot be a token is the empty one, which is refused like any bad token.
    """
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    if header:
        scheme, _, token = header.partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "token"} else ""
    return query_value(environ, "token")


def query_value(environ: Environ, name: str) -> str | None:
    """The first value of a parameter in the query; None where it is not there."""
    query = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    return query[name][0] if name in query else None


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
    return _is_host(origin, environ)


def _is_own_page(environ: Environ) -> bool:
    return _is_host(str(environ.get("HTTP_ORIGIN", "")), environ)


def _is_host(origin: str, environ: Environ) -> bool:
    """Whether it is this host; with TLS, a page that came without it may be anybody's."""
    host = str(environ.get("HTTP_HOST", "")).lower()
    is_secure = environ.get("wsgi.url_scheme") in ("https", "wss")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if is_secure else ("http", "https")
    return bool(host) and parts.netloc.lower() == host and parts.scheme in schemes
