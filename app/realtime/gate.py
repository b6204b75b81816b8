"""The door in front of every kind of socket: what is refused before a connection exists."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from app.config import Settings
from app.core.errors import BadRequest, Forbidden, ServiceError, problem
from app.realtime.connections import Connections
from app.realtime.credentials import Environ, is_allowed_origin, source_of
from app.realtime.errors import TooManySockets
from app.realtime.turnstile import Turnstile

StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")


class Gate:
    """Looks at where a request comes from, and lets a crowd in one after the other."""

    def __init__(
        self, app: Flask, settings: Settings, connections: Connections, turnstile: Turnstile
    ) -> None:
        self._app, self._settings = app, settings
        self._connections, self._turnstile = connections, turnstile

    def check_source(self, environ: Environ) -> None:
        """Raise where the host or the web page is not one that this service knows."""
        try:
            get_host(environ, self._app.config["TRUSTED_HOSTS"])
        except SecurityError:
            raise BadRequest("This host name is not served here.") from None
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not is_allowed_origin(origin, environ, self._settings):
            raise Forbidden("Pages of this origin may not connect; see CORS_ORIGINS.")

    def let_in(self, environ: Environ) -> None:
        """Return when it is the turn of a new connection; counts it.

        Raises TooManySockets where the address has too many or opens them too fast, Unavailable
        where too many wait.
        """
        address = source_of(environ)
        if not self._connections.may_arrive(address):
            raise TooManySockets("Connections are opened too fast from this address.")
        self._turnstile.wait()
        if not self._connections.has_room_for(address):
            raise TooManySockets("Too many connections from this address.")


def tcp_socket(environ: Environ) -> Any:
    """The TCP socket of a request, under gunicorn or Werkzeug."""
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


def is_upgrade(environ: Environ) -> bool:
    """Whether the request asks for a WebSocket."""
    return bool(environ.get("HTTP_UPGRADE", "").lower() == "websocket")


def check_upgrade(environ: Environ) -> None:
    """Raise BadRequest for a WebSocket handshake that the library would stumble over."""
    if not (
        environ["REQUEST_METHOD"] == "GET"
        and environ.get("HTTP_HOST")
        and "upgrade" in re.split(r"[\s,]+", environ.get("HTTP_CONNECTION", "").lower())
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and _KEY.fullmatch(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    ):
        raise BadRequest("This is no WebSocket handshake as of RFC 6455.")


def refuse(error: ServiceError, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request that gets no connection."""
    document = problem(error.status, error.detail, code=error.code)
    body = json.dumps(document).encode()
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        # What was to follow on this connection is not read any more.
        "Connection": "close",
    } | error.headers
    start_response(f"{error.status.value} {error.status.phrase}", list(headers.items()))
    return [body]
