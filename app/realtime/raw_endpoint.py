"""The bare WebSocket at `/ws/tasks/`: who gets in, and what a client may say."""

import logging
import uuid
from collections.abc import Iterable
from typing import Any

from flask import Flask
from simple_websocket import ConnectionClosed

from app.core import json as bounded_json
from app.core.errors import BadRequest, ServiceError, Unauthenticated, Unavailable
from app.core.events import StreamName
from app.realtime.connection import Connection, Farewell
from app.realtime.credentials import (
    BEARER,
    Environ,
    credential_of,
    follows_all,
    given_token,
    query_value,
    subprotocol_token,
)
from app.realtime.errors import TooManySockets
from app.realtime.gate import Gate, StartResponse, WsgiApp, check_upgrade, refuse, tcp_socket
from app.realtime.raw_adapter import RawAdapter, RawSession
from app.realtime.requests import REQUESTS, USAGE, refused
from app.realtime.switchboard import Switchboard
from app.realtime.websocket import BoundedWebSocket, accept, leave

log = logging.getLogger(__name__)

PATHS = {"/ws/tasks", "/ws/tasks/"}

_SIGN_IN = 'Sign in first: send {"token": "<access token>"}.'
_FAREWELLS = {TooManySockets: Farewell.TOO_MANY, Unavailable: Farewell.UNAVAILABLE}


class RawEndpoint:
    """WSGI middleware: serves PATHS, and lets all others pass."""

    def __init__(self, app: Flask, gate: Gate, switchboard: Switchboard) -> None:
        self._app, self._gate, self._switchboard = app, gate, switchboard
        self._adapter = RawAdapter()
        self._next: WsgiApp = app.wsgi_app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, or one WebSocket from its upgrade to its end."""
        if environ.get("PATH_INFO") not in PATHS:
            return self._next(environ, start_response)
        try:
            return self._serve(environ)
        except ServiceError as error:
            return refuse(error, start_response)

    def _serve(self, environ: Environ) -> Iterable[bytes]:
        self._gate.check_source(environ)
        check_upgrade(environ)
        self._gate.let_in(environ)
        connection = Connection(
            uuid.uuid4().hex,
            environ["REMOTE_ADDR"],
            self._adapter,
            line=tcp_socket(environ),
            follows_all=follows_all(query_value(environ, "follow")),
        )
        session = self._adapter.open(connection)
        try:
            self._switchboard.open(connection)
            ended = self._talk(connection, session, environ)
        finally:
            self._switchboard.connections.remove(connection.id)
            self._adapter.close(connection)
        return leave(ended)

    def _talk(
        self, connection: Connection, session: RawSession, environ: Environ
    ) -> BoundedWebSocket:
        """Let the client in and hear it until it is gone; the WebSocket that has ended."""
        # Before the upgrade, so that a bad token is an answer of HTTP; what happens from here on is
        # queued.
        subprotocol = self._sign_in(connection, environ)
        server = self._switchboard.server
        socket = accept(environ, server.eio, subprotocol=subprotocol)
        server.start_background_task(session.write_to, socket)
        self._listen(connection, session, socket)
        return socket

    def _sign_in(self, connection: Connection, environ: Environ) -> str | None:
        """Check what the handshake shows, if anything; the subprotocol to agree to."""
        credential = credential_of(environ)
        if credential is not None:
            try:
                with self._app.app_context():
                    self._switchboard.sign_in(connection, credential)
            except Unauthenticated:
                # A cookie comes along by itself: the page may still send a token.
                if not credential.is_cookie:
                    raise
            finally:
                self._switchboard.release(connection)
        return BEARER if subprotocol_token(environ) is not None else None

    def _listen(
        self, connection: Connection, session: RawSession, socket: BoundedWebSocket
    ) -> None:
        """Hear one message of the client after the other."""
        while True:
            try:
                text = socket.receive()
            except ConnectionClosed:
                return
            if session.is_ending:
                continue
            if connection.meter.allows():
                self._handle(connection, session, text)
            else:
                self._switchboard.dismiss(connection, Farewell.MISBEHAVED)

    def _handle(self, connection: Connection, session: RawSession, text: object) -> None:
        name, asked = None, dict[str, Any]()
        try:
            with self._app.app_context():
                name, asked = _read(text)
                self._do(connection, session, name, asked)
        except ServiceError as error:
            session.say(refused(error.detail, error.code, name, asked))
            if connection.actor is None:
                why = _FAREWELLS.get(type(error), Farewell.UNAUTHENTICATED)
                self._switchboard.dismiss(connection, why)
        except Exception:
            log.exception("A message of a client could not be handled.")
            self._switchboard.dismiss(connection, Farewell.FAILED)
        finally:
            self._switchboard.release(connection)

    def _do(
        self, connection: Connection, session: RawSession, name: str | None, asked: dict[str, Any]
    ) -> None:
        if connection.actor is None:
            if name is not None or set(asked) != {"token"}:
                raise BadRequest(_SIGN_IN)
            actor = self._switchboard.sign_in(connection, given_token(asked["token"]))
            session.say({"connected": str(StreamName.of_user(actor.id))})
            return
        if name is None:
            raise BadRequest(USAGE)
        session.say(REQUESTS[name](self._switchboard, connection, asked))


def _payload(name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"subscribe": "user:2", "last_seq": 5}` as `{"stream": "user:2", "last_seq": 5}`."""
    rest = {key: value for key, value in asked.items() if key != name}
    value = asked[name]
    return value | rest if isinstance(value, dict) else {"stream": value, **rest}


def _read(text: object) -> tuple[str | None, dict[str, Any]]:
    """What a message asks for and in which words; None for no request. Raises BadRequest."""
    if not isinstance(text, str):
        raise BadRequest("Send text, not binary.")
    asked = bounded_json.loads(text)
    if not isinstance(asked, dict):
        raise BadRequest(USAGE)
    name = next((name for name in REQUESTS if name in asked), None)
    return name, asked if name is None else _payload(name, asked)
