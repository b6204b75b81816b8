"""Who may still hear what: asked again and again, since rights may end without an event."""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from app.auth.queries import ended_sessions
from app.core.events import StreamName
from app.core.many import is_among
from app.extensions import db
from app.projects.models import ProjectMember
from app.realtime.connection import Connection, Farewell
from app.realtime.outlet import Outlet
from app.realtime.turns import Turns
from app.users.actor import Actor
from app.users.models import User

RECHECK_SECONDS = 2.0
TURNS = 20

Memberships = set[tuple[int, int]]
"""As (user, project)."""


class Recheck:
    """Ends connections whose session has ended, and shuts out those who are members no longer."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._turns = Turns(TURNS, RECHECK_SECONDS)
        self._outsiders: set[tuple[Connection, StreamName]] = set()

    def ask_when_due(self, now: float) -> None:
        """Ask about each once in RECHECK_SECONDS; needs an application context.

        Where that fails with SQLAlchemyError they stay due: after the database was away for a
        while that is everybody.
        """
        due = self._turns.due(self._outlet.connections.admitted(), now)
        if due:
            self._ask_about(set(due))
        self._turns.settle(now)

    def _ask_about(self, some: Collection[Connection]) -> None:
        for connection in _no_longer_welcome(some):
            self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        looks = [look for look in self._outlet.presence.looks() if look.connection in some]
        memberships = _memberships(_actors(some))
        self._shut_out(some, memberships)
        self._outlet.presence.keep_to(memberships, looks)

    def _shut_out(self, some: Collection[Connection], memberships: Memberships) -> None:
        """Shut out whose membership has vanished without an event.

        That is, who was none at the last check either: an event is on its way for a moment, and
        what came before it in the log is still to be heard.
        """
        outsiders = {
            (connection, stream)
            for connection, stream in self._outlet.connections.members(some)
            if connection.actor and (connection.actor.id, stream.ref_id) not in memberships
        }
        for connection, stream in outsiders & self._outsiders:
            self._outlet.feed.shut_out(connection, stream)
        is_open = self._outlet.connections.get
        others = {each for each in self._outsiders if each[0] not in some and is_open(each[0].id)}
        self._outsiders = others | outsiders


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
