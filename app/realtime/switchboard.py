"""Between the log and the sockets of every kind: who comes in, who hears what, who has to go.

An adapter reads what its clients say, calls `open`, `sign_in` and what `requests` holds, answers,
and calls `release`; the loops (`follower`, `sweeper`) call the rest. Nothing here knows how a
message travels.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import snapshot
from app.core.errors import NotFound, Unauthenticated, Unavailable
from app.extensions import db
from app.realtime.connection import Connection, Farewell
from app.realtime.connections import Connections
from app.realtime.credentials import Credential
from app.realtime.entries import Entry, as_told, sees_content
from app.realtime.errors import TooManySockets, TooManySubscriptions
from app.realtime.feed import Feed
from app.realtime.follower import Follower
from app.realtime.line import hang_up
from app.realtime.messages import Message
from app.realtime.presence import Presence
from app.realtime.queries import BATCH
from app.realtime.replay import MAX_REPLAY, Replay, missed
from app.realtime.scopes import Scope, own_scope, scope_of
from app.realtime.subscription import Subscription
from app.realtime.sweeper import Sweeper
from app.realtime.turnstile import Counters
from app.realtime.views import OWN, View, everything, only_tasks
from app.users.actor import Actor

log = logging.getLogger(__name__)

MAX_QUEUED = 1000
MAX_SUBSCRIPTIONS = 100
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
        self.feed, self._counters = Feed(connections), Counters()
        self.follower, self._sweeper = Follower(app, self), Sweeper(self)

    def open(self, connection: Connection) -> None:
        """Count a new connection, and watch that it signs in."""
        self.connections.add(connection)
        self._sweeper.loop.ensure_running()

    def sign_in(self, connection: Connection, credential: Credential) -> Actor:
        """Let somebody in who shows a good credential; with `follows_all` into all own streams.

        What happens from then on waits until `release`. Raises Unauthenticated, TooManySockets,
        Unavailable.
        """
        try:
            with self._counters.one():
                return self._sign_in(connection, credential)
        except SQLAlchemyError:
            self.connections.dispossess(connection)
            raise Unavailable("The token cannot be checked now. Try again later.") from None
        finally:
            db.session.remove()

    def subscribe(self, connection: Connection, wanted: Subscription) -> tuple[Scope, Replay]:
        """Let a connection hear what it asks for, and where that stands in the log.

        What it missed, and what happens from now on, is sent once it is released. An administrator
        may name any stream and is from then on told of its events at their places in it. Raises
        NotFound (then an earlier subscription of that name is over), TooManySubscriptions,
        Unauthenticated, Unavailable.
        """
        actor = connection.actor
        if actor is None:
            raise Unauthenticated("Sign in first.")
        _check_number(connection, wanted)
        self._let_read(connection)
        try:
            with self._counters.one():
                scope, found = self._read(connection, wanted, actor)
        except NotFound:
            self.feed.leave(connection, wanted.name)
            raise
        except SQLAlchemyError:
            raise Unavailable("The stream cannot be read now. Try again later.") from None
        view = _view(wanted.name, scope, found)
        replay = list(_told(connection, view, found.entries))
        self.feed.join(connection, view, found.heads, replay)
        return scope, found

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Let a connection hear no more of what it has subscribed to under that name, if it has."""
        self.feed.leave(connection, name)

    def release(self, connection: Connection) -> None:
        """Send what has waited for a connection being answered."""
        self.feed.release(connection)

    def dismiss(self, connection: Connection, why: Farewell) -> None:
        """Tell a client to go, and close its connection; hang up if it does not listen."""
        self.connections.remove(connection.id)
        # First: from here on nobody else looks after this connection.
        if connection.line is not None:
            self.server.start_background_task(self._cut, connection.line)
        connection.adapter.dismiss(connection, why)

    def is_backlogged(self, among: Iterable[Connection]) -> bool:
        """Whether somebody has as much waiting as one more batch would make too much."""
        limit = MAX_QUEUED - BATCH
        return any(each.adapter.queued(each) > limit for each in among)

    def drop_slow(self, among: Iterable[Connection]) -> None:
        """Let those go who do not read what they are sent: it would pile up without an end."""
        for connection in among:
            if connection.adapter.queued(connection) > MAX_QUEUED:
                log.info("Dropped a connection that reads too slowly.")
                self.dismiss(connection, Farewell.TOO_SLOW)

    def _sign_in(self, connection: Connection, credential: Credential) -> Actor:
        actor, expires_at = credential.identify()
        if not self.connections.admit(connection, actor, expires_at):
            raise TooManySockets("This user has too many connections already.")
        # Gives the connection to the database back: the first of many who come at once needs a
        # second one to find the end of the log, while all others wait for that.
        db.session.remove()
        self.follower.loop.ensure_running()
        self._begin_to_follow(connection, actor)
        return actor

    def _read(
        self, connection: Connection, wanted: Subscription, actor: Actor
    ) -> tuple[Scope, Replay]:
        # In this order: what the snapshot does not show is then sent once the client is released.
        position = self.feed.hold(connection)
        with snapshot() as session:
            scope = scope_of(session, wanted, actor)
            return scope, missed(session, scope.streams, position)

    def _begin_to_follow(self, connection: Connection, actor: Actor) -> None:
        position = self.feed.hold(connection)
        if not connection.follows_all:
            return
        with snapshot() as session:
            matches = only_tasks if connection.adapter.tells_tasks_alone else everything
            scope = own_scope(session, actor, matches)
            found = missed(session, scope.streams, position)
        self.feed.join(connection, _view(OWN, scope, found), found.heads)

    def _let_read(self, connection: Connection) -> None:
        """Wait until one more replay does not make somebody slow who asks for several."""
        until = time.monotonic() + REPLAY_PATIENCE_SECONDS
        while (
            connection.adapter.queued(connection) > MAX_QUEUED - MAX_REPLAY
            and time.monotonic() < until
        ):
            self.server.sleep(0.01)

    def _cut(self, tcp: Any) -> None:
        """End a TCP connection whose other side had time enough to read the good-bye."""
        self.server.sleep(GOODBYE_SECONDS)
        hang_up(tcp)


def _check_number(connection: Connection, wanted: Subscription) -> None:
    if len(connection.views.keys() - {OWN, wanted.name}) >= MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions(
            f"A connection has at most {MAX_SUBSCRIPTIONS} subscriptions; unsubscribe first."
        )


def _view(name: str, scope: Scope, found: Replay) -> View:
    return View(name, found.since, scope.matches, scope.home, scope.grows, scope.everywhere)


def _told(
    connection: Connection, view: View, entries: Iterable[Entry]
) -> Iterator[tuple[str, Message]]:
    """What a client is sent of what it missed.

    Of a whole stream that is everything, so that it can see that there is no gap; otherwise not
    what another of its subscriptions has shown it already.
    """
    others = [each for each in connection.views.values() if each.name not in (OWN, view.name)]
    is_admin = connection.actor is not None and connection.actor.is_admin
    for entry in entries:
        (stream,) = entry.places
        is_told = view.matches is not everything and any(o.hears(entry, stream) for o in others)
        if view.matches(entry) and not is_told:
            yield as_told(entry, stream, content=is_admin or sees_content(entry, stream))
