"""The door in front of Socket.IO: what is refused before a connection exists.

Both transports pass here. WebSocket alone would be less to defend, but the standard clients begin
with polling unless told otherwise, and one process serves all of a client's requests, so polling
works; what it adds is bounded: one request of each kind per session at a time.
"""

import json
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qs

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from app.auth.service import authenticate
from app.config import Settings
from app.core.errors import BadRequest, Forbidden, ServiceError, Unavailable, problem
from app.realtime.connections import Connection, Connections
from app.realtime.credentials import Environ, is_allowed_origin, token_of

PATH = "/socket.io/"

StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
HangUp = Callable[[Connection], None]

_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")


class TooManySockets(ServiceError):
    """The address has as many connections as it may have, or opens them too fast."""

    code, status = "too-many-sockets", HTTPStatus.TOO_MANY_REQUESTS


class TooLarge(ServiceError):
    """A message of more than SOCKET_MAX_MESSAGE_BYTES."""

    code: ClassVar[str] = "too-large"
    status: ClassVar[HTTPStatus] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Handshake:
    """WSGI middleware: lets good requests to PATH pass, and all others alone."""

    def __init__(
        self, app: Flask, settings: Settings, connections: Connections, hang_up: HangUp
    ) -> None:
        self._app, self._settings = app, settings
        self._connections, self._hang_up = connections, hang_up
        self._next: WsgiApp = app.wsgi_app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ.get("PATH_INFO", "").startswith(PATH):
            return self._guarded(environ, start_response)
        return self._next(environ, start_response)

    def _guarded(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            query = parse_qs(environ.get("QUERY_STRING", ""))
            self._check_source(environ)
            _check_shape(environ, query)
            if "sid" not in query:
                self._check_newcomer(environ)
                return self._next(environ, start_response)
            connection = self._connections.get(query["sid"][0])
            if connection is None:  # The library says what there is to say.
                return self._next(environ, start_response)
            return self._continue(connection, environ, start_response)
        except ServiceError as error:
            return _refuse(error, start_response)

    def _check_source(self, environ: Environ) -> None:
        """Raise where the host or the web page is not one that this service knows."""
        try:
            get_host(environ, self._app.config["TRUSTED_HOSTS"])
        except SecurityError:
            raise BadRequest("This host name is not served here.") from None
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not is_allowed_origin(origin, environ, self._settings):
            raise Forbidden("Pages of this origin may not connect; see CORS_ORIGINS.")

    def _check_newcomer(self, environ: Environ) -> None:
        """Raise where the address has too many connections, or brings a token that is not good.

        Without any token it passes: Socket.IO's own place for the token is the first message.
        """
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return
        if not self._connections.has_room_for(environ["REMOTE_ADDR"]):
            raise TooManySockets("Too many connections from this address.")
        token = token_of(environ)
        if token is None:
            return
        try:
            with self._app.app_context():
                authenticate(token)
        except SQLAlchemyError:
            raise Unavailable("The token cannot be checked now.") from None

    def _continue(
        self, connection: Connection, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one more request of an open connection."""
        self._check_size(connection, environ)
        kind = "upgrade" if is_upgrade(environ) else environ["REQUEST_METHOD"]
        if kind in connection.busy:
            raise BadRequest("There is such a request of this session under way.")
        connection.busy.add(kind)
        if kind == "upgrade":
            connection.line = tcp_socket(environ)
        try:
            return self._next(environ, start_response)
        finally:
            connection.busy.discard(kind)

    def _check_size(self, connection: Connection, environ: Environ) -> None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self._settings.SOCKET_MAX_MESSAGE_BYTES:
            self._hang_up(connection)
            raise TooLarge("The message is too large.")


def tcp_socket(environ: Environ) -> Any:
    """The TCP socket of a request, under gunicorn or Werkzeug."""
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


def is_upgrade(environ: Environ) -> bool:
    """Whether the request asks for a WebSocket."""
    return bool(environ.get("HTTP_UPGRADE", "").lower() == "websocket")


def _check_shape(environ: Environ, query: dict[str, list[str]]) -> None:
    """Raise BadRequest for what the libraries would stumble over."""
    if "j" in query:
        raise BadRequest("JSONP is not served.")
    upgrade = is_upgrade(environ)
    if upgrade != (query.get("transport") == ["websocket"]):
        raise BadRequest("The transport and the Upgrade header do not go together.")
    if upgrade and not (
        environ["REQUEST_METHOD"] == "GET"
        and "upgrade" in re.split(r"[\s,]+", environ.get("HTTP_CONNECTION", "").lower())
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and _KEY.fullmatch(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    ):
        raise BadRequest("This is no WebSocket handshake as of RFC 6455.")


def _refuse(error: ServiceError, start_response: StartResponse) -> Iterable[bytes]:
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
