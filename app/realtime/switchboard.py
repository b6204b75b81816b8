"""Between the log and the sockets of every kind: who comes in, who is told what, who has to go.

An adapter reads what its clients say and calls `open`, `sign_in`, `subscribe`; the loops of
`watch` call the rest. Nothing here knows how a message travels.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.auth.service import authenticate_until
from app.core.db import snapshot
from app.core.errors import NotFound, Unauthenticated, Unavailable
from app.core.events import ADMIN_STREAM, StreamName
from app.extensions import db
from app.projects.queries import projects_of
from app.realtime.connections import Connection, Connections, Farewell
from app.realtime.errors import TooManySockets
from app.realtime.hub import ADMINS, Admission, Entry, Outgoing, Told, room_of, sees_content
from app.realtime.messages import Message, build_message
from app.realtime.presence import Presence
from app.realtime.queries import BATCH, MAX_REPLAY, Replay, missed
from app.realtime.subscription import Subscription
from app.realtime.watch import Follower, Sweeper
from app.realtime.websocket import hang_up
from app.users.actor import Actor

log = logging.getLogger(__name__)

MAX_QUEUED = 1000
GOODBYE_SECONDS = 1.0
REPLAY_PATIENCE_SECONDS = 20.0


class Switchboard:
    """The connections of one application, whatever adapter each came through.

    `server` gives background tasks and `sleep` in the way of the process, threads or greenlets.
    """

    def __init__(
        self, app: Flask, server: Any, connections: Connections, presence: Presence
    ) -> None:
        self.server, self.connections, self.presence = server, connections, presence
        self._follower, self._sweeper = Follower(app, self), Sweeper(self)

    def open(self, connection: Connection) -> None:
        """Count a new connection, and watch that it signs in."""
        self.connections.add(connection)
        self._sweeper.ensure_running()

    def sign_in(self, connection: Connection, token: object) -> None:
        """Let somebody in who shows a good access token: into the rooms of the own streams.

        From then on the client misses nothing. Raises Unauthenticated, TooManySockets, Unavailable.
        """
        try:
            actor, expires_at = authenticate_until(token if isinstance(token, str) else "")
            if not self.connections.admit(connection, actor, expires_at):
                raise TooManySockets("This user has too many connections already.")
            self._follower.ensure_running()
            rooms = list(_rooms_of(actor))
        except SQLAlchemyError:
            connection.actor = connection.expires_at = None
            raise Unavailable("The token cannot be checked now. Try again later.") from None
        finally:
            # Ends the transaction now. Later there would be a switch to another greenlet between
            # the rooms and the adapter's answer, and an event could overtake that answer.
            db.session.remove()
        for room in rooms:
            self.connections.enter(connection, room)

    def subscribe(
        self, connection: Connection, wanted: Subscription, answer: Callable[[Replay], None]
    ) -> None:
        """Answer where a stream stands, then send what the client missed of it, in order.

        An administrator may name any stream and is from then on told of its events at their places
        in it. Raises NotFound, Unauthenticated, Unavailable; nothing is answered then.
        """
        actor, stream = connection.actor, wanted.stream
        if actor is None:
            raise Unauthenticated("Sign in first.")
        room = room_of(stream, admin=actor.is_admin)
        self._let_read(connection)
        try:
            if actor.is_admin:  # Before the stream is read: what comes meanwhile is not lost.
                self.connections.enter(connection, room)
            with snapshot() as session:
                found = missed(session, stream, wanted.last_seq, actor)
                # Nothing switches greenlets between here and the last message, so these stay
                # together and in order.
                answer(found)
                for entry in found.entries:
                    connection.adapter.send([connection], *_as_seen_by(actor, entry, stream))
                self.connections.enter(connection, room)
        except NotFound:
            self.connections.leave(connection, room)
            raise
        except SQLAlchemyError:
            raise Unavailable("The stream cannot be read now. Try again later.") from None

    def _let_read(self, connection: Connection) -> None:
        """Wait until one more replay does not make somebody slow who asks for several."""
        until = time.monotonic() + REPLAY_PATIENCE_SECONDS
        while (
            connection.adapter.queued(connection) > MAX_QUEUED - MAX_REPLAY
            and time.monotonic() < until
        ):
            self.server.sleep(0.01)

    def send(self, outgoing: Outgoing) -> None:
        """Send one message to those in its room."""
        hearers = self.connections.members(outgoing.room)
        for room in outgoing.except_rooms:
            hearers -= self.connections.members(room)
        self._spread(hearers, outgoing.name, outgoing.message)

    def tell(self, told: Told) -> None:
        """Send one message to every connection of a user; no administrator listens in on it."""
        own = [
            each
            for each in self.connections.admitted()
            if each.actor and each.actor.id == told.user_id
        ]
        self._spread(own, told.name, told.message)

    def admit(self, admission: Admission) -> None:
        """Let somebody into the room of a project, or out of it; administrators hear all anyway."""
        if not admission.enters:
            self.presence.leave(admission.stream.ref_id, admission.user_id)
        room = room_of(admission.stream, admin=False)
        change = self.connections.enter if admission.enters else self.connections.leave
        for connection in self.connections.admitted():
            actor = connection.actor
            if actor and not actor.is_admin and admission.user_id in (None, actor.id):
                change(connection, room)

    def keep_to(self, memberships: Collection[tuple[int, int]]) -> None:
        """Let everyone out of the rooms of projects but those named, as (user, project)."""
        self.presence.keep_to(memberships)
        allowed = {(user_id, f"project:{project_id}") for user_id, project_id in memberships}
        for room in self.connections.rooms():
            if not room.startswith("project:"):
                continue
            for each in self.connections.members(room):
                if each.actor and not each.actor.is_admin and (each.actor.id, room) not in allowed:
                    self.connections.leave(each, room)

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and close its connection; hang up if it does not listen."""
        self.connections.remove(connection.id)
        connection.adapter.dismiss(connection, why)
        if connection.line is not None:
            self.server.start_background_task(self._cut, connection.line)

    def is_backlogged(self) -> bool:
        """Whether somebody has as much waiting as one more batch would make too much."""
        limit = MAX_QUEUED - BATCH
        return any(each.adapter.queued(each) > limit for each in self.connections.all())

    def drop_slow(self) -> None:
        """Let those go who do not read what they are sent: it would pile up without an end."""
        for connection in self.connections.all():
            if connection.adapter.queued(connection) > MAX_QUEUED:
                log.info("Dropped a connection that reads too slowly.")
                self.dismiss(connection, Farewell.TOO_SLOW)

    def _spread(self, hearers: Collection[Connection], name: str, message: Message) -> None:
        for adapter in {each.adapter for each in hearers}:
            adapter.send([each for each in hearers if each.adapter is adapter], name, message)

    def _cut(self, tcp: Any) -> None:
        """End a TCP connection whose other side had time enough to read the good-bye."""
        self.server.sleep(GOODBYE_SECONDS)
        hang_up(tcp)


def _rooms_of(actor: Actor) -> Iterator[str]:
    """The rooms that somebody is in from the start."""
    yield room_of(StreamName.of_user(actor.id), admin=actor.is_admin)
    if actor.is_admin:
        yield room_of(ADMIN_STREAM, admin=True)
        yield ADMINS
        return
    for project_id in db.session.scalars(projects_of(actor)):
        yield room_of(StreamName.of_project(project_id), admin=False)


def _as_seen_by(actor: Actor, entry: Entry, stream: StreamName) -> tuple[str, Message]:
    content = actor.is_admin or sees_content(entry, stream)
    return build_message(entry.record, stream, entry.places[stream], content=content)
