"""What is judged before a socket is opened: the origin, the token, the number of sockets."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from flask import Flask

from app.auth.service import authenticate
from app.config import Settings
from app.core.errors import Unauthenticated
from app.realtime.credentials import Environ, is_allowed_origin, token_of
from app.realtime.socketio_adapter import SocketIOAdapter

StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class HandshakeGuard:
    """WSGI middleware in front of Socket.IO; everything else passes through.

    A token in the header or the query is verified here, before the upgrade. A client that sends it
    in the `auth` payload (browsers do) can only do so afterwards: it gets a few seconds, and an
    address gets only so many sockets.
    """

    def __init__(self, app: Flask, inner: WsgiApp, adapter: SocketIOAdapter) -> None:
        self.app, self.inner, self.adapter = app, inner, adapter
        self.settings: Settings = app.config["SETTINGS"]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Refuse a bad handshake; pass on the rest."""
        if not environ.get("PATH_INFO", "").startswith("/socket.io/"):
            return self.inner(environ, start_response)
        is_handshake = "sid" not in parse_qs(environ.get("QUERY_STRING", ""))
        refusal = self._refusal(environ) if is_handshake else None
        if refusal is None:
            self.adapter.watch_strangers()
            return self.inner(environ, start_response)
        start_response(f"{refusal.value} {refusal.phrase}", [("Content-Type", "text/plain")])
        return [refusal.description.encode()]

    def _refusal(self, environ: Environ) -> HTTPStatus | None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not is_allowed_origin(origin, environ, self.settings):
            return HTTPStatus.FORBIDDEN
        if self.adapter.open_from(environ.get("REMOTE_ADDR", "")) >= self.settings.SOCKETS_PER_ADDRESS:
            return HTTPStatus.TOO_MANY_REQUESTS
        token = token_of(environ)
        return None if token is None or self._is_good(token) else HTTPStatus.UNAUTHORIZED

    def _is_good(self, token: str) -> bool:
        with self.app.app_context():
            try:
                authenticate(token)
            except Unauthenticated:
                return False
        return True

