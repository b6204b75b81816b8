"""Socket.IO over the switchboard: what a client may ask, how it is told and let go."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, request
from flask_socketio import ConnectionRefusedError as Refused

from app.core.errors import ServiceError
from app.extensions import socketio
from app.realtime.connections import Connection, Farewell
from app.realtime.credentials import credential_of, follows_all, given_token, query_value
from app.realtime.gate import is_upgrade, tcp_socket
from app.realtime.messages import Message
from app.realtime.protocol import is_acceptable
from app.realtime.requests import REQUESTS, refused
from app.realtime.switchboard import Switchboard

log = logging.getLogger(__name__)

NAMESPACE = "/"


class SocketIOAdapter:
    """One application's Socket.IO server with the connections that came through it."""

    kind = "socketio"
    tells_tasks_alone = False

    def __init__(self, switchboard: Switchboard) -> None:
        self.switchboard, self.server = switchboard, switchboard.server
        self._watch_sessions()

    def send(self, to: Sequence[Connection], name: str, message: Message) -> None:
        """Send one message, which the library makes into text once."""
        named = [self.server.manager.sid_from_eio_sid(each.id, NAMESPACE) for each in to]
        sids = [sid for sid in named if sid is not None]
        if sids:
            self.server.emit(name, message, to=sids, namespace=NAMESPACE)

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and not to come back by itself; who misbehaves is told nothing."""
        sid = self.server.manager.sid_from_eio_sid(connection.id, NAMESPACE)
        if sid is not None and why is not Farewell.MISBEHAVED:
            self.server.disconnect(sid, namespace=NAMESPACE)
        session = self.server.eio.sockets.get(connection.id)
        if session is not None:
            # Not eio.disconnect(): it waits until the client has read all that is queued.
            session.close(wait=False, reason=self.server.reason.SERVER_DISCONNECT)

    def queued(self, connection: Connection) -> int:
        """How many packets wait for being read by the client."""
        session = self.server.eio.sockets.get(connection.id)
        return session.queue.qsize() if session is not None else 0

    def _watch_sessions(self) -> None:
        """Stand between Engine.IO and Socket.IO, to count connections and to check messages."""
        eio, connections = self.server.eio, self.switchboard.connections
        opened, received, closed = (eio.handlers[n] for n in ("connect", "message", "disconnect"))

        def on_connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            line = tcp_socket(environ) if is_upgrade(environ) else None
            self.switchboard.open(Connection(eio_sid, environ["REMOTE_ADDR"], self, line))
            return opened(eio_sid, environ)

        def on_message(eio_sid: str, data: object) -> None:
            connection = connections.get(eio_sid)
            if connection is None:
                return
            try:
                if connection.meter.allows() and is_acceptable(data):
                    received(eio_sid, data)
                    return
            except Exception:
                log.exception("A message of a client could not be handled.")
            finally:
                # Only here has the library sent what it answers.
                self.switchboard.release(connection)
            self.switchboard.dismiss(connection, Farewell.MISBEHAVED)

        def on_disconnect(eio_sid: str, reason: str) -> None:
            connections.remove(eio_sid)
            closed(eio_sid, reason)

        eio.on("connect", on_connect)
        eio.on("message", on_message)
        eio.on("disconnect", on_disconnect)


@socketio.on("connect")
def connect(auth: object = None) -> None:
    """Let a client in that shows a good access token, which it gives in `{token, follow}`.

    What `auth` does not say may stand in the address: not every client can send `auth`.
    """
    given = auth if isinstance(auth, Mapping) else {}
    token, connection = given.get("token"), _connection()
    credential = credential_of(request.environ) if token is None else given_token(token)
    if connection is None:
        raise Refused("unavailable")
    try:
        follow = given.get("follow")
        connection.follows_all = follows_all(
            query_value(request.environ, "follow") if follow is None else follow
        )
        _switchboard().sign_in(connection, credential or given_token(None))
    except ServiceError as error:
        raise Refused(error.code, {"detail": error.detail}) from None


@socketio.on("*")
def ask(name: str, *payload: object) -> Mapping[str, Any]:
    """Do what a client asks for; what it is answered is the acknowledgement.

    There is no such thing as sending an event to others; events come from the log alone.
    """
    request_, connection = REQUESTS.get(name), _connection()
    if request_ is None:
        return refused("unknown-event", "unknown-event", name, {})
    if connection is None or len(payload) != 1 or not isinstance(payload[0], dict):
        return refused("bad-request", "bad-request", name, {})
    try:
        answer = request_(_switchboard(), connection, payload[0])
    except ServiceError as error:
        return refused(error.code, error.code, name, payload[0])
    # The acknowledgement belongs to its question: it needs not name it.
    return {key: value for key, value in answer.items() if key != "subscribed"}


def _switchboard() -> Switchboard:
    found: Switchboard = current_app.extensions["realtime"]
    return found


def _connection() -> Connection | None:
    """The connection of the client whose message is being handled."""
    sid: str = request.sid  # type: ignore[attr-defined]  # put there by Flask-SocketIO
    eio_sid: str = socketio.server.manager.eio_sid_from_sid(sid, NAMESPACE)
    return _switchboard().connections.get(eio_sid)
