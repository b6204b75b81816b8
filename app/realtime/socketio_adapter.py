"""Socket.IO over the hub: admits clients, puts them into rooms, and sends them away again.

Clients only ever listen; the one thing they may ask for is `subscribe`, to catch up.
"""

import logging
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, join_room
from sqlalchemy.exc import SQLAlchemyError

from app.auth.service import authenticate_until
from app.config import current_settings
from app.core.errors import Unauthenticated
from app.extensions import db, socketio
from app.realtime.connections import Connection, Connections
from app.realtime.credentials import token_of
from app.realtime.hub import ADMIN_ROOM, Hub, parse_stream
from app.realtime.messages import Message, message_for
from app.realtime.queries import BATCH, head_of, missed

log = logging.getLogger(__name__)

ADMISSION_SECONDS = 5
CHECK_SECONDS = 2
MAX_QUEUED_PACKETS = 1000
"""A client that is this far behind is dropped; it comes back and catches up."""


class SocketIOAdapter:
    """The handlers of namespace `/`, with the state of this process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.connections = Connections()
        self.hub = Hub(app, self.send, socketio.start_background_task, socketio.sleep)
        self.checking = False
        socketio.on_event("connect", self.connect)
        socketio.on_event("disconnect", self.disconnect)
        socketio.on_event("subscribe", self.subscribe)

    def send(self, message: Message, room: str) -> None:
        """Send to everyone in `room`."""
        socketio.server.emit(message.name, message.payload, room=room)

    def connect(self, auth: object = None) -> None:
        """Admit a client with a good token; it hears of its own stream from now on."""
        token = auth.get("token") if isinstance(auth, dict) else None
        token = token or token_of(request.environ)
        try:
            actor, expires_at = authenticate_until(token if isinstance(token, str) else "")
        except Unauthenticated as error:
            raise ConnectionRefusedError(error.detail) from None
        if self.connections.of_user(actor.id) >= current_settings().SOCKETS_PER_USER:
            raise ConnectionRefusedError("You have too many open sockets; close one first.")
        self._start()
        sid = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        self.connections.admitted[sid] = Connection(sid, actor, expires_at)
        # An administrator hears of everything once, so not of the own stream again.
        join_room(ADMIN_ROOM if actor.is_admin else f"user:{actor.id}")

    def disconnect(self, *_: object) -> None:
        """Forget a client."""
        self.connections.admitted.pop(request.sid, None)  # type: ignore[attr-defined]

    def subscribe(self, body: object = None, *_: object) -> dict[str, Any]:
        """Replay what a client has missed of a stream: `{stream, last_seq}` → `{head, …}`."""
        connection = self.connections.admitted.get(request.sid)  # type: ignore[attr-defined]
        fields = body if isinstance(body, dict) else {}
        stream, last_seq = parse_stream(fields.get("stream")), fields.get("last_seq")
        if stream is None or connection is None:
            return {"error": "not-found", "detail": "There is no such stream."}
        if stream.ref_id != connection.actor.id and not connection.actor.is_admin:
            return {"error": "not-found", "detail": "There is no such stream."}
        head = head_of(db.session(), stream)
        if last_seq is None:
            return {"head": head, "resync_required": False}
        if not isinstance(last_seq, int) or isinstance(last_seq, bool) or last_seq < 0:
            return {"error": "validation", "detail": "last_seq must be a whole number from 0."}
        if head - last_seq > BATCH or last_seq > head:
            return {"head": head, "resync_required": True}
        for seq, record in missed(db.session(), stream, last_seq):
            self.send(message_for(record, stream, seq), connection.sid)
        return {"head": head, "resync_required": False}

    def open_from(self, address: str) -> int:
        """How many sockets the address has open here, admitted or not."""
        environs = list(socketio.server.environ.values())
        return sum(environ.get("REMOTE_ADDR") == address for environ in environs)

    def watch_strangers(self) -> None:
        """Make sure that the checks run, from the first handshake on."""
        if not self.checking:
            self.checking = True
            socketio.start_background_task(self._check_for_ever)

    def _start(self) -> None:
        self.hub.ensure_running()
        self.watch_strangers()

    def _check_for_ever(self) -> None:
        while True:
            socketio.sleep(CHECK_SECONDS)
            try:
                self._send_away()
            except SQLAlchemyError as error:
                # Nothing can be told meanwhile either, since the log is in the same database.
                log.debug("Sessions could not be checked: %s", error)

    def _send_away(self) -> None:
        """Close the sockets that may not, do not or cannot follow."""
        server = socketio.server
        admitted = {server.manager.eio_sid_from_sid(sid, "/") for sid in self.connections.admitted}
        present = dict(server.eio.sockets)
        strangers = [sid for sid in present if sid not in admitted]
        for sid in self.connections.overstayed(strangers, ADMISSION_SECONDS - CHECK_SECONDS):
            server.eio.disconnect(sid)
        for sid, client in present.items():
            if client.queue.qsize() > MAX_QUEUED_PACKETS:
                server.eio.disconnect(sid)
        with self.app.app_context():
            for sid in self.connections.no_longer_good():
                server.disconnect(sid)
