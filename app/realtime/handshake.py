"""The door in front of Socket.IO: what is refused before a connection exists.

Both transports pass here. WebSocket alone would be less to defend, but the standard clients begin
with polling unless told otherwise, and one process serves all of a client's requests, so polling
works; what it adds is bounded: one request of each kind per session at a time.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.auth.service import authenticate
from app.config import Settings
from app.core.errors import BadRequest, ServiceError, Unavailable
from app.realtime.connection import Connection, Farewell
from app.realtime.credentials import Environ, token_of
from app.realtime.errors import TooLarge
from app.realtime.gate import (
    Gate,
    StartResponse,
    WsgiApp,
    check_upgrade,
    is_upgrade,
    refuse,
    tcp_socket,
)
from app.realtime.switchboard import Switchboard

PATH = "/socket.io/"


class Handshake:
    """WSGI middleware: lets good requests to PATH pass, and all others alone."""

    def __init__(
        self, app: Flask, settings: Settings, gate: Gate, switchboard: Switchboard
    ) -> None:
        self._app, self._settings = app, settings
        self._gate, self._switchboard = gate, switchboard
        self._next: WsgiApp = app.wsgi_app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if environ.get("PATH_INFO", "").startswith(PATH):
            return self._guarded(environ, start_response)
        return self._next(environ, start_response)

    def _guarded(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        private = _not_stored(start_response)
        try:
            query = parse_qs(environ.get("QUERY_STRING", ""))
            self._gate.check_source(environ)
            _check_shape(environ, query)
            if "sid" not in query:
                self._check_newcomer(environ)
                return self._next(environ, private)
            connection = self._switchboard.connections.get(query["sid"][0])
            if connection is None:  # The library says what there is to say.
                return self._next(environ, private)
            return self._continue(connection, environ, private)
        except ServiceError as error:
            return refuse(error, start_response)

    def _check_newcomer(self, environ: Environ) -> None:
        """Raise where the address has too many connections, or brings a token that is not good.

        Without any token it passes: Socket.IO's own place for the token is the first message.
        """
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return
        self._gate.let_in(environ)
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
        # A second upgrade must not take the place of the line that is hung up at the end.
        if kind in connection.busy or (kind == "upgrade" and connection.line is not None):
            raise BadRequest("There is such a request of this session under way.")
        connection.busy.add(kind)
        if kind == "upgrade":
            connection.line = tcp_socket(environ)
        try:
            return self._next(environ, start_response)
        finally:
            connection.busy.discard(kind)
            if kind == "upgrade":
                connection.line = None

    def _check_size(self, connection: Connection, environ: Environ) -> None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self._settings.SOCKET_MAX_MESSAGE_BYTES:
            self._switchboard.dismiss(connection, Farewell.MISBEHAVED)
            raise TooLarge("The message is too large.")


def _not_stored(start_response: StartResponse) -> StartResponse:
    """Answers to polling hold what one person may see: no cache shall keep them."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, ("Cache-Control", "no-store")], *more)

    return start


def _check_shape(environ: Environ, query: dict[str, list[str]]) -> None:
    """Raise BadRequest for what the libraries would stumble over."""
    if "j" in query:
        raise BadRequest("JSONP is not served.")
    upgrade = is_upgrade(environ)
    if upgrade != (query.get("transport") == ["websocket"]):
        raise BadRequest("The transport and the Upgrade header do not go together.")
    if upgrade:
        check_upgrade(environ)
