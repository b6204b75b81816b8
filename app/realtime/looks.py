"""Who looks at which board through this process, and about which task each is writing."""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from app.realtime.connection import Connection
from app.realtime.groups import Groups
from app.users.actor import Actor

TYPING_SECONDS = 6.0
"""So long somebody is taken to write who says so once."""

MAX_PEOPLE = 100
"""So many people of one board are told of."""


class Person(NamedTuple):
    """Somebody who looks at a board; `typing` is the id of the task that he or she writes about."""

    id: int
    username: str
    typing: int | None = None


People = tuple[Person, ...]


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

    def type(self, task_id: int | None) -> None:
        """Note about which task somebody writes from now on, for TYPING_SECONDS."""
        self.task_id, self.typing_until = task_id, time.monotonic() + TYPING_SECONDS

    def person(self) -> Person:
        """Who it is, and about which task he or she is writing now."""
        is_typing = time.monotonic() < self.typing_until
        return Person(self.actor.id, self.actor.username, self.task_id if is_typing else None)


class Looks:
    """The looks of this process, by connection and by board; a connection has one at most."""

    def __init__(self) -> None:
        self._by_connection: dict[str, Look] = {}
        self._by_board = Groups[int, Look]()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._by_connection)

    def put(self, look: Look) -> None:
        """Enter a look, in the place of the one that its connection had."""
        with self._lock:
            self._take(look.connection.id)
            self._by_connection[look.connection.id] = look
            self._by_board.add(look.board_id, look)

    def take(self, connection_id: str) -> None:
        """Forget the look of a connection, if it has one."""
        with self._lock:
            self._take(connection_id)

    def drop(self, condition: Callable[[Look], bool]) -> None:
        """Forget every look of which `condition` is true."""
        with self._lock:
            for look in self.all():
                if condition(look):
                    self._take(look.connection.id)

    def get(self, connection_id: str) -> Look | None:
        """The look of a connection, or None."""
        return self._by_connection.get(connection_id)

    def all(self) -> Collection[Look]:
        """Every look."""
        return list(self._by_connection.values())

    def boards(self) -> Collection[int]:
        """Every board that somebody looks at."""
        return list(self._by_board)

    def at(self, board_id: int) -> Collection[Look]:
        """The looks at one board."""
        return list(self._by_board.of(board_id))

    def people_at(self, board_id: int) -> People:
        """Everybody who looks at one board."""
        return merged(look.person() for look in self.at(board_id))

    def _take(self, connection_id: str) -> None:
        look = self._by_connection.pop(connection_id, None)
        if look is not None:
            self._by_board.discard(look.board_id, look)


def merged(people: Iterable[Person]) -> People:
    """Everybody once, by id: several tabs are one person, who writes where any of them does."""
    found: dict[int, Person] = {}
    for person in people:
        if person.id not in found or person.typing is not None:
            found[person.id] = person
    # Who is writing is told of even where there are more than can be told of.
    told = sorted(found.values(), key=lambda person: (person.typing is None, person.id))
    return tuple(sorted(told[:MAX_PEOPLE], key=lambda person: person.id))
