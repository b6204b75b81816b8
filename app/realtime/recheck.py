"""Who may still hear what: asked again and again, since rights may end without an event."""

import time
from collections.abc import Iterable

from sqlalchemy import select

from app.auth.queries import ended_sessions
from app.core.events import StreamName
from app.core.many import is_among
from app.extensions import db
from app.projects.models import ProjectMember
from app.realtime.connection import Connection, Farewell
from app.realtime.outlet import Outlet
from app.users.actor import Actor
from app.users.models import User

RECHECK_SECONDS = 2.0

Memberships = set[tuple[int, int]]
"""As (user, project)."""


class Recheck:
    """Ends connections whose session has ended, and shuts out those who are members no longer."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._asked_at = 0.0
        self._outsiders: set[tuple[Connection, StreamName]] = set()

    def ask_when_due(self) -> None:
        """Ask about everybody every RECHECK_SECONDS; needs an application context."""
        if time.monotonic() - self._asked_at < RECHECK_SECONDS:
            return
        for connection in _no_longer_welcome(self._outlet.connections.admitted()):
            self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        looks = self._outlet.presence.looks()
        memberships = _memberships(_actors(self._outlet.connections.admitted()))
        self._shut_out(memberships)
        self._outlet.presence.keep_to(memberships, looks)
        self._asked_at = time.monotonic()

    def _shut_out(self, memberships: Memberships) -> None:
        """Shut out whose membership has vanished without an event.

        That is, who was none at the last check either: an event is on its way for a moment, and
        what came before it in the log is still to be heard.
        """
        outsiders = {
            (connection, stream)
            for connection, stream in self._outlet.connections.members()
            if connection.actor and (connection.actor.id, stream.ref_id) not in memberships
        }
        for connection, stream in outsiders & self._outsiders:
            self._outlet.feed.shut_out(connection, stream)
        self._outsiders = outsiders


def _no_longer_welcome(connections: Iterable[Connection]) -> list[Connection]:
    """Those whose session has ended, or whose role has changed and with it what they may hear."""
    actors = _actors(connections)
    if not actors:
        return []
    ended = ended_sessions({actor.session_id for actor in actors.values()})
    ids = {actor.id for actor in actors.values()}
    rows = db.session.execute(select(User.id, User.role).where(is_among(User.id, ids)))
    roles = dict(iter(rows))
    return [
        connection
        for connection, actor in actors.items()
        if actor.session_id in ended or roles.get(actor.id) != actor.role
    ]


def _memberships(actors: dict[Connection, Actor]) -> Memberships:
    """The memberships of all these."""
    ids = {actor.id for actor in actors.values()}
    rows = db.session.execute(
        select(ProjectMember.user_id, ProjectMember.project_id).where(
            is_among(ProjectMember.user_id, ids)
        )
    )
    return {(user_id, project_id) for user_id, project_id in rows}


def _actors(connections: Iterable[Connection]) -> dict[Connection, Actor]:
    return {each: each.actor for each in connections if each.actor is not None}
