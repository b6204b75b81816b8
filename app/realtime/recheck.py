"""Asking the database again who may still be connected, and who may still read a project.

Most of what ends a right comes through the log; sign-outs and changed roles do not, and what was
changed in the database by hand never does.
"""

from collections.abc import Collection

from sqlalchemy import select

from app.auth.queries import ended_sessions
from app.core.events import StreamName
from app.core.many import is_among
from app.extensions import db
from app.projects.models import ProjectMember
from app.realtime.connections import Connection, Farewell
from app.realtime.outlet import Outlet
from app.realtime.turns import Turns
from app.users.models import User

RECHECK_SECONDS = 2.0
TURNS = 20


class Recheck:
    """Asks for each connection once in RECHECK_SECONDS."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._turns = Turns(TURNS, RECHECK_SECONDS)
        self._outsiders: set[tuple[Connection, StreamName]] = set()

    def begin(self, now: float) -> None:
        """Take everybody for checked; only while nobody hears anything."""
        self._turns.settle(now)

    def do_due(self, now: float) -> None:
        """Ask for those whose turn has come; they stay due where that fails with SQLAlchemyError.

        After the database was away that is everybody, before anything is sent.
        """
        due = self._turns.due(self._outlet.connections.admitted(), now)
        if due:
            self._ask_for(due)
        self._turns.settle(now)

    def _ask_for(self, due: Collection[Connection]) -> None:
        for connection in _no_longer_welcome(due):
            self._outlet.dismiss(connection, Farewell.UNAUTHENTICATED)
        among = set(due)
        looks = [look for look in self._outlet.presence.looks() if look.connection in among]
        memberships = _memberships(due)
        self._shut_out(among, memberships)
        self._outlet.presence.keep_to(memberships, looks)

    def _shut_out(
        self, among: Collection[Connection], memberships: Collection[tuple[int, int]]
    ) -> None:
        """Shut out whose membership has vanished without an event.

        That is, who was none at the last check either: an event is on its way for a moment, and
        what came before it in the log is still to be heard.
        """
        outsiders = {
            (connection, stream)
            for connection, stream in self._outlet.feed.readers_of_projects(among)
            if connection.actor and (connection.actor.id, stream.ref_id) not in memberships
        }
        self._outlet.feed.shut_out(outsiders & self._outsiders)
        is_open = self._outlet.connections.get
        others = {pair for pair in self._outsiders if pair[0] not in among and is_open(pair[0].id)}
        self._outsiders = others | outsiders


def _memberships(connections: Collection[Connection]) -> set[tuple[int, int]]:
    """The memberships of those who are connected, as (user, project)."""
    users = {each.actor.id for each in connections if each.actor}
    rows = db.session.execute(
        select(ProjectMember.user_id, ProjectMember.project_id).where(
            is_among(ProjectMember.user_id, users)
        )
    )
    return {(user_id, project_id) for user_id, project_id in rows}


def _no_longer_welcome(connections: Collection[Connection]) -> list[Connection]:
    """Those whose session has ended or whose role has changed (and with it the rooms)."""
    sessions = {each.actor.session_id for each in connections if each.actor}
    ended = ended_sessions(sessions)
    users = {each.actor.id for each in connections if each.actor}
    rows = db.session.execute(select(User.id, User.role).where(is_among(User.id, users)))
    roles = dict(iter(rows))
    return [
        each
        for each in connections
        if each.actor
        and (each.actor.session_id in ended or roles.get(each.actor.id) != each.actor.role)
    ]
