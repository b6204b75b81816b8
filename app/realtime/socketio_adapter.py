"""Socket.IO over the switchboard: what a client may ask, how it is told and let go."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from engineio.exceptions import SocketIsClosedError
from engineio.packet import MESSAGE, PING, Packet
from engineio.socket import Socket
from flask import current_app, request
from flask_socketio import ConnectionRefusedError as Refused
from socketio.packet import EVENT

from app.core.errors import ServiceError
from app.extensions import socketio
from app.realtime.connection import Connection, Farewell
from app.realtime.credentials import credential_of, follows_all, given_token, query_value
from app.realtime.gate import is_upgrade, tcp_socket
from app.realtime.messages import Message
from app.realtime.protocol import is_acceptable
from app.realtime.requests import REQUESTS, refused
from app.realtime.switchboard import Switchboard

log = logging.getLogger(__name__)

NAMESPACE = "/"


class SweptSocket(Socket):
    """Engine.IO's connection without a greenlet that sleeps until the next ping.

    That one would outlive a connection by up to PING_INTERVAL_SECONDS, and the memory of those who
    come and go would not be given back so long.
    """

    last_ping: float | None

    def schedule_ping(self) -> None:
        """Note that the client is there; called at the beginning and at each answer."""
        self.last_ping = None

    def ping(self) -> None:
        """Send a ping, unless the last one is unanswered: who stays silent is closed for that."""
        if self.last_ping is None:
            self.last_ping = time.time()
            with suppress(SocketIsClosedError):
                self.send(Packet(PING))


class SocketIOAdapter:
    """One application's Socket.IO server with the connections that came through it.

    It stands between Engine.IO and Socket.IO, to count connections and to check messages.
    """

    kind = "socketio"
    tells_tasks_alone = False

    def __init__(self, switchboard: Switchboard) -> None:
        self.switchboard, self.server = switchboard, switchboard.server
        self._socketio = dict(self.server.eio.handlers)
        self.server.eio.on("connect", self._opened)
        self.server.eio.on("message", self._received)
        self.server.eio.on("disconnect", self._closed)

    def send(self, to: Sequence[Connection], name: str, message: Message) -> None:
        """Send one message, which is made into text once."""
        event = self.server.packet_class(EVENT, data=[name, message], namespace=NAMESPACE)
        packet = Packet(MESSAGE, event.encode())
        for each in to:
            if self._sid_of(each) is not None:
                # With threads a client may be gone at this very moment; the others are not.
                with suppress(KeyError, SocketIsClosedError):
                    self.server.eio.send_packet(each.id, packet)

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and not to come back by itself; who misbehaves is told nothing."""
        sid = self._sid_of(connection)
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

    def ping(self, connection: Connection) -> None:
        """Make a client say that it is there."""
        session = self.server.eio.sockets.get(connection.id)
        if session is not None:
            session.ping()

    def _sid_of(self, connection: Connection) -> Any:
        """Socket.IO's name for a connection; None before it has signed in, and after it left."""
        return self.server.manager.sid_from_eio_sid(connection.id, NAMESPACE)

    def _opened(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        line = tcp_socket(environ) if is_upgrade(environ) else None
        self.server.eio.sockets[eio_sid].__class__ = SweptSocket
        self.switchboard.open(Connection(eio_sid, environ["REMOTE_ADDR"], self, line))
        return self._socketio["connect"](eio_sid, environ)

    def _received(self, eio_sid: str, data: object) -> None:
        connection = self.switchboard.connections.get(eio_sid)
        if connection is None:
            return
        try:
            if connection.meter.allows() and is_acceptable(data):
                self._socketio["message"](eio_sid, data)
                return
        except Exception:
            log.exception("A message of a client could not be handled.")
        finally:
            # Only here has the library sent what it answers.
            self.switchboard.release(connection)
        self.switchboard.dismiss(connection, Farewell.MISBEHAVED)

    def _closed(self, eio_sid: str, reason: str) -> None:
        self.switchboard.connections.remove(eio_sid)
        self._socketio["disconnect"](eio_sid, reason)


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
