"""Who looks at which board, and who is writing about which of its tasks.

It is no part of the log: it has no place in a stream, it is not kept, and who misses it misses
nothing. What happens in this process is told at once; the other processes hear of it through
Redis, and while that does not answer, each process shows its own people only.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.core.cache import CacheUnavailable
from app.core.errors import BadRequest, Unauthenticated
from app.core.events import EventRecord
from app.realtime.connection import Adapter, Connection
from app.realtime.connections import Connections
from app.realtime.entries import admission
from app.realtime.looks import Look, Looks, People, Person, merged
from app.realtime.loop import Loop
from app.realtime.messages import Message
from app.realtime.presence_store import EXPIRY_SECONDS, PresenceStore

NAME = "presence"

TELL_SECONDS = 0.1
EXCHANGE_SECONDS = 0.2
"""So soon the others learn what is new here."""
READ_SECONDS = 0.4
"""So often the others are asked, where nothing is new here."""
REFRESH_SECONDS = 3.0

MAX_QUEUED = 100
"""Who has more than this to read is told of people later: what the log says comes first."""


class Presence:
    """Those who look at boards through this process, and what they know of each other.

    Two loops run while there are any: one tells, and waits for nothing; one talks to Redis.
    """

    def __init__(self, server: Any, connections: Connections, store: PresenceStore) -> None:
        self._connections, self._store, self._looks = connections, store, Looks()
        self._present: dict[int, People] = {}
        self._others: Mapping[int, Collection[Person]] = {}
        self._written: Mapping[int, People] = {}
        self._exchanged_at = self._refreshed_at = 0.0
        self._loops = (
            Loop(server, self.tell, self._is_looked_at),
            Loop(server, self.exchange, self._is_shared),
        )

    @property
    def is_running(self) -> bool:
        """Whether anything goes on in the background."""
        return any(loop.is_running for loop in self._loops)

    def look(self, connection: Connection, board_id: int, project_id: int) -> People:
        """Note that somebody who may see a board looks at it, and at no other; who is there."""
        if connection.actor is None:
            raise Unauthenticated("Sign in first.")
        look = Look(connection, connection.actor, board_id, project_id)
        self._looks.put(look)
        look.told = self._refresh(board_id)
        for loop in self._loops:
            loop.ensure_running()
        return look.told

    def look_away(self, connection: Connection) -> None:
        """Note that somebody looks at no board."""
        self._looks.take(connection.id)

    def board_of(self, connection: Connection) -> int:
        """The board that somebody looks at. Raises BadRequest where there is none."""
        look = self._looks.get(connection.id)
        if look is None:
            raise BadRequest('Look at the board first: presence {"board": <id>}.')
        return look.board_id

    def type(self, connection: Connection, task_id: int | None) -> None:
        """Note for a few seconds about which task on the board somebody is writing."""
        look = self._looks.get(connection.id)
        if look is not None:
            look.type(task_id)

    def heed(self, record: EventRecord) -> None:
        """Send those away whom an event takes a project from; from administrators only its end."""
        change = admission(record)
        if change is not None and not change.enters:
            project_id, user_id = change.stream.ref_id, change.user_id
            self._looks.drop(
                lambda look: (
                    look.project_id == project_id
                    and (user_id is None or (look.actor.id == user_id and not look.actor.is_admin))
                )
            )

    def looks(self) -> Collection[Look]:
        """Everybody who looks at a board now."""
        return self._looks.all()

    def keep_to(self, memberships: Collection[tuple[int, int]], among: Iterable[Look]) -> None:
        """Send those `among` away who are no administrators and no members, as (user, project).

        `among` was found before the memberships: who has joined since is in neither.
        """
        strangers = {
            look
            for look in among
            if not look.actor.is_admin and (look.actor.id, look.project_id) not in memberships
        }
        self._looks.drop(lambda look: look in strangers)

    def tell(self) -> float:
        """Tell each board's people to those of them who know something else."""
        self._looks.drop(self._is_gone)
        boards = self._looks.boards()
        for board_id in boards:
            self._tell_board(board_id, self._refresh(board_id))
        self._present = {board: self._present[board] for board in boards}
        return TELL_SECONDS

    def exchange(self) -> float:
        """Write to Redis who looks at boards here, and read who does elsewhere, if it is due."""
        moment = time.monotonic()
        own = {board: self._looks.people_at(board) for board in self._looks.boards()}
        is_refresh = moment - self._refreshed_at >= REFRESH_SECONDS
        news = {
            board: own.get(board, ())
            for board in own.keys() | self._written.keys()
            if is_refresh or own.get(board) != self._written.get(board)
        }
        if is_refresh:
            self._refreshed_at = moment
        if news or moment - self._exchanged_at >= READ_SECONDS:
            self._talk(own, news)
        return EXCHANGE_SECONDS

    def _tell_board(self, board_id: int, people: People) -> None:
        uninformed: dict[Adapter, list[Look]] = {}
        for look in self._looks.at(board_id):
            if look.told != people and _reads(look.connection):
                uninformed.setdefault(look.connection.adapter, []).append(look)
        for adapter, looks in uninformed.items():
            adapter.send([look.connection for look in looks], NAME, as_message(board_id, people))
            for look in looks:
                look.told = people

    def _is_looked_at(self) -> bool:
        return bool(self._looks)

    def _is_shared(self) -> bool:
        return bool(self._looks or self._written)

    def _talk(self, own: Mapping[int, People], news: Mapping[int, People]) -> None:
        try:
            self._others = self._store.exchange(news, own.keys())
        except CacheUnavailable:
            self._go_on_alone(own)
        else:
            self._written, self._exchanged_at = own, time.monotonic()

    def _go_on_alone(self, own: Mapping[int, People]) -> None:
        """Forget the others after a while, as their Redis does; tell it all once it is back."""
        self._refreshed_at = 0.0
        if time.monotonic() - self._exchanged_at > EXPIRY_SECONDS or not own:
            self._others = {}
        if not own:
            self._written = {}

    def _refresh(self, board_id: int) -> People:
        """Who is on a board now; the same object as before where nothing has changed."""
        others = self._others.get(board_id, ())
        people = merged([*self._looks.people_at(board_id), *others])
        if self._present.get(board_id) != people:
            self._present[board_id] = people
        return self._present[board_id]

    def _is_gone(self, look: Look) -> bool:
        connection = look.connection
        is_open = self._connections.get(connection.id) is connection
        return not is_open or connection.actor is not look.actor


def as_message(board_id: int | None, people: People) -> Message:
    """What a client is told of the people on a board."""
    shown = [person._asdict() for person in people]
    return {"board": board_id, "people": shown, "action": NAME}


def _reads(connection: Connection) -> bool:
    return connection.adapter.queued(connection) <= MAX_QUEUED
