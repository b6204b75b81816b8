"""Socket.IO over the hub: who may connect, what a client may ask, how it is told and let go."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from flask import Flask, current_app, request
from flask_socketio import ConnectionRefusedError as Refused
from socketio import Server
from sqlalchemy.exc import SQLAlchemyError

from app.auth.service import authenticate_until
from app.core.db import snapshot
from app.core.errors import NotFound, Unauthenticated
from app.core.events import ADMIN_STREAM, StreamName
from app.core.fields import MAX_ID
from app.extensions import db, socketio
from app.projects.queries import projects_of
from app.realtime.connections import Connection, Connections
from app.realtime.credentials import token_of
from app.realtime.handshake import is_upgrade, tcp_socket
from app.realtime.hub import ADMINS, Admission, Outgoing, room_of, sees_content
from app.realtime.messages import build_message
from app.realtime.protocol import is_acceptable
from app.realtime.queries import BATCH, Replay, missed
from app.realtime.watch import Follower, Sweeper
from app.realtime.websocket import hang_up
from app.users.actor import Actor

log = logging.getLogger(__name__)

NAMESPACE = "/"
MAX_QUEUED_PACKETS = 1000
GOODBYE_SECONDS = 1.0


class SocketIOAdapter:
    """One application's Socket.IO server with everything that watches over its connections."""

    def __init__(self, app: Flask, server: Server, connections: Connections) -> None:
        self.server, self.connections = server, connections
        self.follower = Follower(app, self)
        self.sweeper = Sweeper(self)
        self._watch_sessions()

    def send(self, outgoing: Outgoing) -> None:
        """Send one message to those in its room."""
        members = self.server.manager.get_participants
        skipped = [sid for room in outgoing.except_rooms for sid, _ in members(NAMESPACE, room)]
        if any(sid not in skipped for sid, _ in members(NAMESPACE, outgoing.room)):
            self.server.emit(
                outgoing.name,
                outgoing.message,
                room=outgoing.room,
                skip_sid=skipped,
                namespace=NAMESPACE,
            )

    def admit(self, admission: Admission) -> None:
        """Let somebody into the room of a project, or out of it; administrators hear all anyway."""
        for connection in self.connections.admitted():
            actor = connection.actor
            if actor is None or actor.is_admin or admission.user_id not in (None, actor.id):
                continue
            room = room_of(admission.stream, admin=False)
            change = self.server.enter_room if admission.enters else self.server.leave_room
            change(connection.sid, room, namespace=NAMESPACE)

    def keep_to(self, memberships: Collection[tuple[int, int]]) -> None:
        """Let everyone out of the rooms of projects but those named, as (user, project)."""
        allowed = {(user_id, f"project:{project_id}") for user_id, project_id in memberships}
        for connection in self.connections.admitted():
            actor = connection.actor
            if actor is None or actor.is_admin:
                continue
            for room in self.server.rooms(connection.sid, NAMESPACE):
                if room.startswith("project:") and (actor.id, room) not in allowed:
                    self.server.leave_room(connection.sid, room, namespace=NAMESPACE)

    def dismiss(self, connection: Connection) -> None:
        """Tell a client to go, and not to come back by itself; hang up if it does not listen."""
        if connection.sid is not None:
            self.server.disconnect(connection.sid, namespace=NAMESPACE)
        self.hang_up(connection)

    def hang_up(self, connection: Connection) -> None:
        """Close a connection; never waits for the client."""
        self.connections.remove(connection.eio_sid)
        session = self.server.eio.sockets.get(connection.eio_sid)
        if session is not None:
            # Not eio.disconnect(): it waits until the client has read all that is queued.
            session.close(wait=False, reason=self.server.reason.SERVER_DISCONNECT)
        if connection.line is not None:
            self.server.start_background_task(self._cut, connection.line)

    def is_backlogged(self) -> bool:
        """Whether somebody has as much waiting as one more batch would make too much."""
        limit = MAX_QUEUED_PACKETS - BATCH
        return any(self._queued(each) > limit for each in self.connections.all())

    def drop_slow(self) -> None:
        """Let those go who do not read what they are sent: it would pile up without an end."""
        for connection in self.connections.all():
            if self._queued(connection) > MAX_QUEUED_PACKETS:
                log.info("Dropped a connection that reads too slowly.")
                self.dismiss(connection)

    def _queued(self, connection: Connection) -> int:
        session = self.server.eio.sockets.get(connection.eio_sid)
        return session.queue.qsize() if session is not None else 0

    def _cut(self, tcp: Any) -> None:
        """End a TCP connection whose other side had time enough to read the good-bye."""
        self.server.sleep(GOODBYE_SECONDS)
        hang_up(tcp)

    def _watch_sessions(self) -> None:
        """Stand between Engine.IO and Socket.IO, to count connections and to check messages."""
        eio = self.server.eio
        opened, received, closed = (eio.handlers[n] for n in ("connect", "message", "disconnect"))

        def on_connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            line = tcp_socket(environ) if is_upgrade(environ) else None
            self.connections.add(Connection(eio_sid, environ["REMOTE_ADDR"], line))
            self.sweeper.ensure_running()
            return opened(eio_sid, environ)

        def on_message(eio_sid: str, data: object) -> None:
            connection = self.connections.get(eio_sid)
            if connection is None:
                return
            try:
                if connection.meter.allows() and is_acceptable(data):
                    received(eio_sid, data)
                    return
            except Exception:
                log.exception("A message of a client could not be handled.")
            self.hang_up(connection)

        def on_disconnect(eio_sid: str, reason: str) -> None:
            self.connections.remove(eio_sid)
            closed(eio_sid, reason)

        eio.on("connect", on_connect)
        eio.on("message", on_message)
        eio.on("disconnect", on_disconnect)


def adapter() -> SocketIOAdapter:
    """The adapter of the present application."""
    found: SocketIOAdapter = current_app.extensions["realtime"]
    return found


@socketio.on("connect")
def connect(auth: object = None) -> None:
    """Let a client in that shows a good access token, and put it into its rooms."""
    token = auth.get("token") if isinstance(auth, Mapping) else None
    if token is None:
        token = token_of(request.environ)
    actor = _admit(token if isinstance(token, str) else "")
    # Before the client learns that it is connected: from then on it misses nothing.
    adapter().follower.ensure_running()
    projects = db.session.scalars(projects_of(actor)).all()
    # Ends the transaction now. Later there would be a switch to another greenlet between the rooms
    # and the library's answer, and an event could overtake that answer.
    db.session.remove()
    _join(actor, StreamName.of_user(actor.id))
    if actor.is_admin:
        _join(actor, ADMIN_STREAM)
        _enter(ADMINS)
        return
    for project_id in projects:
        _join(actor, StreamName.of_project(project_id))


@socketio.on("subscribe")
def subscribe(*payload: object) -> dict[str, Any]:
    """Send what the client missed of a stream after `last_seq`: `{head, resync_required}`.

    Without `last_seq` it only tells where the stream stands. An administrator may subscribe to
    any stream and is then told of its events at their places in that stream.
    """
    wanted = _read_subscription(payload)
    connection = adapter().connections.get(_eio_sid())
    if connection is None or connection.actor is None or wanted is None:
        return {"error": "bad-request"}
    stream, last_seq = wanted
    try:
        return _replay(connection.actor, stream, last_seq)
    except NotFound as error:
        return {"error": error.code}
    except SQLAlchemyError:
        return {"error": "unavailable"}


@socketio.on("*")
def refuse(_event: str, *_payload: object) -> dict[str, str]:
    """Tell a client that there is no such thing to ask; events come from the log alone."""
    return {"error": "unknown-event"}


def _admit(token: str) -> Actor:
    """The user of `token`. Raises Refused, whose text is what the client is told."""
    try:
        actor, expires_at = authenticate_until(token)
    except Unauthenticated:
        raise Refused("unauthenticated") from None
    except SQLAlchemyError:
        raise Refused("unavailable") from None
    if not adapter().connections.admit(_eio_sid(), _sid(), actor, expires_at):
        raise Refused("too-many-sockets")
    return actor


def _replay(actor: Actor, stream: StreamName, last_seq: int | None) -> dict[str, Any]:
    with snapshot() as session:
        found = missed(session, stream, last_seq, actor)
        # Nothing switches greenlets between the last row and the last message, so these stay
        # together and in order.
        _send_missed(found, stream, actor)
        _join(actor, stream)
    return {"head": found.head, "resync_required": found.resync_required}


def _send_missed(found: Replay, stream: StreamName, actor: Actor) -> None:
    for entry in found.entries:
        content = actor.is_admin or sees_content(entry, stream)
        seq = entry.places[stream]
        name, message = build_message(entry.record, stream, seq, content=content)
        socketio.server.emit(name, message, to=_sid(), namespace=NAMESPACE)


def _read_subscription(payload: tuple[object, ...]) -> tuple[StreamName, int | None] | None:
    """The stream and the last seq that a client names, or None where it does not make sense."""
    if len(payload) != 1 or not isinstance(payload[0], dict):
        return None
    stream, last_seq = _read_stream(payload[0].get("stream")), payload[0].get("last_seq")
    is_seq = type(last_seq) is int and 0 <= last_seq <= MAX_ID
    return (stream, last_seq) if stream and (last_seq is None or is_seq) else None


def _read_stream(name: object) -> StreamName | None:
    kind, _, ref_id = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not (kind and len(kind) <= 16 and ref_id.isascii() and ref_id.isdigit()):
        return None
    return StreamName(kind, int(ref_id)) if len(ref_id) < 19 else None


def _join(actor: Actor, stream: StreamName) -> None:
    _enter(room_of(stream, admin=actor.is_admin))


def _enter(room: str) -> None:
    socketio.server.enter_room(_sid(), room, namespace=NAMESPACE)


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # put there by Flask-SocketIO
    return sid


def _eio_sid() -> str:
    eio_sid: str = socketio.server.manager.eio_sid_from_sid(_sid(), NAMESPACE)
    return eio_sid
