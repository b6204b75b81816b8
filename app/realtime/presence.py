"""Who looks at which board, and who is writing about which of its tasks.

It is no part of the log: it has no place in a stream, it is not kept, and who misses it misses
nothing. What happens in this process is told at once; the other processes hear of it through
Redis, and while that does not answer, each process shows its own people only.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.cache import CacheUnavailable
from app.core.errors import BadRequest, Unauthenticated
from app.realtime.connections import Adapter, Connection, Connections
from app.realtime.messages import Message
from app.realtime.presence_store import EXPIRY_SECONDS, People, Person, PresenceStore
from app.users.actor import Actor

log = logging.getLogger(__name__)

TELL_SECONDS = 0.1
EXCHANGE_SECONDS = 0.5
REFRESH_SECONDS = 3.0
TYPING_SECONDS = 6.0

NAME = "presence"

MAX_PEOPLE = 100
"""So many people of one board are told of."""

MAX_QUEUED = 100
"""Who has more than this to read is told of people later: what the log says comes first."""


@dataclass(eq=False)
class Look:
    """That somebody looks at a board of a project on one connection; `told` is what it knows."""

    connection: Connection
    actor: Actor
    board_id: int
    project_id: int
    told: People = ()
    task_id: int | None = None
    typing_until: float = 0.0

    def person(self) -> Person:
        """Who it is, and about which task he or she is writing now."""
        is_typing = time.monotonic() < self.typing_until
        return Person(self.actor.id, self.actor.username, self.task_id if is_typing else None)


class Presence:
    """Those who look at boards through this process, and what they know of each other.

    Two loops run while there are any: one tells, and waits for nothing; one talks to Redis.
    """

    def __init__(self, server: Any, connections: Connections, store: PresenceStore) -> None:
        self._connections, self._store = connections, store
        self._looks: dict[str, Look] = {}
        self._present: dict[int, People] = {}
        self._others: Mapping[int, Collection[Person]] = {}
        self._written: dict[int, People] = {}
        self._exchanged_at = self._refreshed_at = 0.0
        self._telling = Loop(server, self.tell, lambda: bool(self._looks))
        self._exchanging = Loop(server, self.exchange, lambda: bool(self._looks or self._written))

    def look(self, connection: Connection, board_id: int, project_id: int) -> People:
        """Note that somebody who may see a board looks at it, and at no other; who is there."""
        if connection.actor is None:
            raise Unauthenticated("Sign in first.")
        look = Look(connection, connection.actor, board_id, project_id)
        self._looks[connection.id] = look
        self._telling.ensure_running()
        self._exchanging.ensure_running()
        self._refresh()
        look.told = self._present.get(board_id, ())
        return look.told

    def look_away(self, connection: Connection) -> None:
        """Note that somebody looks at no board."""
        self._looks.pop(connection.id, None)

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
            look.task_id, look.typing_until = task_id, time.monotonic() + TYPING_SECONDS

    def leave(self, project_id: int, user_id: int | None) -> None:
        """Send a former member (None: everybody) away from the boards of a project.

        Administrators see it all the same, for as long as it is there.
        """
        self._drop(
            lambda look: (
                look.project_id == project_id
                and (user_id is None or (look.actor.id == user_id and not look.actor.is_admin))
            )
        )

    def keep_to(self, memberships: Collection[tuple[int, int]]) -> None:
        """Send away who is no administrator and not among the members, as (user, project)."""
        self._drop(
            lambda look: (
                not look.actor.is_admin and (look.actor.id, look.project_id) not in memberships
            )
        )

    def tell(self) -> None:
        """Tell each board's people to those of them who know something else."""
        self._refresh()
        uninformed: dict[tuple[int, Adapter], list[Look]] = {}
        for look in list(self._looks.values()):
            adapter, people = look.connection.adapter, self._present.get(look.board_id, ())
            if look.told is people or look.told == people:
                continue
            if adapter.queued(look.connection) <= MAX_QUEUED:
                uninformed.setdefault((look.board_id, adapter), []).append(look)
        for (board_id, adapter), looks in uninformed.items():
            people = self._present.get(board_id, ())
            adapter.send([look.connection for look in looks], NAME, as_message(board_id, people))
            for look in looks:
                look.told = people

    def exchange(self) -> None:
        """Write to Redis who looks at boards here, and read who does elsewhere, if it is due."""
        moment, own = time.monotonic(), self._own()
        is_refresh = moment - self._refreshed_at >= REFRESH_SECONDS
        news = {
            board: own.get(board, ())
            for board in own.keys() | self._written.keys()
            if is_refresh or own.get(board) != self._written.get(board)
        }
        if not news and moment - self._exchanged_at < EXCHANGE_SECONDS:
            return
        try:
            self._others = self._store.exchange(news, own.keys())
        except CacheUnavailable:
            self._go_on_alone(own)
            return
        self._written, self._exchanged_at = own, moment
        if is_refresh:
            self._refreshed_at = moment

    def _go_on_alone(self, own: dict[int, People]) -> None:
        """Forget the others after a while, as their Redis does."""
        if time.monotonic() - self._exchanged_at > EXPIRY_SECONDS or not own:
            self._others = {}
        if not own:
            self._written = {}

    def _refresh(self) -> None:
        """Note who is on each board now; who has not changed stays the same object."""
        self._drop(self._is_gone)
        present = {
            board: _merged([*people, *self._others.get(board, ())])
            for board, people in self._own().items()
        }
        known = self._present
        self._present = {
            board: known[board] if known.get(board) == people else people
            for board, people in present.items()
        }

    def _own(self) -> dict[int, People]:
        """The people of this process by board."""
        found: dict[int, list[Person]] = {}
        for look in list(self._looks.values()):
            found.setdefault(look.board_id, []).append(look.person())
        return {board: _merged(people) for board, people in found.items()}

    def _is_gone(self, look: Look) -> bool:
        connection = look.connection
        open_now = self._connections.get(connection.id)
        return open_now is not connection or connection.actor is not look.actor

    def _drop(self, condition: Callable[[Look], bool]) -> None:
        for key, look in list(self._looks.items()):
            if condition(look):
                self._looks.pop(key, None)


class Loop:
    """Takes a step every TELL_SECONDS in the background, for as long as there is need."""

    def __init__(
        self, server: Any, step: Callable[[], None], is_needed: Callable[[], bool]
    ) -> None:
        self._server, self._step, self._is_needed = server, step, is_needed
        self._lock = threading.Lock()
        self._is_running = False

    def ensure_running(self) -> None:
        """Begin, unless it runs already."""
        with self._lock:
            if self._is_running:
                return
            self._is_running = True
        self._server.start_background_task(self._run)

    def _run(self) -> None:
        while self._goes_on():
            self._server.sleep(TELL_SECONDS)
            try:
                self._step()
            except Exception:
                log.exception("The people on the boards could not be told; trying again.")

    def _goes_on(self) -> bool:
        with self._lock:
            self._is_running = self._is_needed()
            return self._is_running


def as_message(board_id: int | None, people: People) -> Message:
    """What a client is told of the people on a board."""
    shown = [person._asdict() for person in people]
    return {"board": board_id, "people": shown, "action": NAME}


def _merged(people: Iterable[Person]) -> People:
    """Everybody once, by id: several tabs are one person, who writes where any of them does."""
    found: dict[int, Person] = {}
    for person in people:
        if person.id not in found or person.typing is not None:
            found[person.id] = person
    # Who is writing is told of even where there are more than can be told of.
    told = sorted(found.values(), key=lambda person: (person.typing is None, person.id))
    return tuple(sorted(told[:MAX_PEOPLE]))
