"""A subscription is a view of the log: the streams that it reads, and what of them it shows.

Following all one's streams, one board or one task differ in nothing but these.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from app.boards.events import BoardEvent
from app.core.events import StreamName
from app.realtime.entries import Entry
from app.tasks.events import TaskEvent

Predicate = Callable[[Entry], bool]

OWN = "own"
"""The view of all one's streams that is there from the start; no client can name one so."""


@dataclass(eq=False)
class View:
    """What one subscription lets a connection hear.

    `since` holds the log streams that it reads, each with the place after which. Without the stream
    `home` it is over. One that `grows` takes in the projects that its reader joins later; one that
    is `everywhere` (an administrator's) shows what matches in whatever stream.
    """

    name: str
    since: dict[StreamName, int]
    matches: Predicate
    home: StreamName | None = None
    grows: bool = False
    everywhere: bool = False

    def hears(self, entry: Entry, stream: StreamName) -> bool:
        """Whether it shows an event at its place in `stream`."""
        return entry.places[stream] > self.since.get(stream, inf) and self.matches(entry)

    def is_whole(self, stream: StreamName) -> bool:
        """Whether it shows all that is in `stream`."""
        return self.matches is everything and stream in self.since


def everything(_entry: Entry) -> bool:
    """All that is in a stream."""
    return True


def only_tasks(entry: Entry) -> bool:
    """Tasks, and nothing of what is said about them."""
    return entry.record.entity == TaskEvent.entity


def of_task(task_id: int) -> Predicate:
    """One task and what is said about it."""
    return lambda entry: entry.record.task_id == task_id


def on_board(board_id: int) -> Predicate:
    """A board, and the tasks that are on it after an event or were before."""

    def matches(entry: Entry) -> bool:
        if entry.record.entity == BoardEvent.entity:
            return entry.record.entity_id == board_id
        return any(task.get("board") == board_id for task in entry.tasks)

    return matches


def involving(user_id: int) -> Predicate:
    """The tasks that somebody reported or is assigned to after an event, or was before."""

    def matches(entry: Entry) -> bool:
        return any(user_id in (task.get("reporter"), task.get("assignee")) for task in entry.tasks)

    return matches
