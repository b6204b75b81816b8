"""Who hears of what: a subscription is a view of the log, and one function routes by views.

A view reads log streams, each from a place on, and shows the events that match. Following all
one's streams, one board or one task differ in nothing but the streams and the predicate.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Generic, NamedTuple, Protocol, TypeVar

from app.boards.events import BoardEvent
from app.core.events import StreamName
from app.realtime.hub import Entry, sees_content
from app.realtime.messages import Message, build_message
from app.tasks.events import TaskEvent
from app.users.actor import Actor

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


class Hearer(Protocol):
    """A connection, as far as it matters for what it hears."""

    actor: Actor | None
    views: Mapping[str, View]


H = TypeVar("H", bound=Hearer)


class Outgoing(NamedTuple, Generic[H]):
    """One message and who is sent it."""

    to: list[H]
    name: str
    message: Message


def route(entry: Entry, hearers: Iterable[H]) -> Iterator[Outgoing[H]]:
    """Everything that `hearers` are sent about an event: once for each stream that they hear it in.

    Removals come first: a task that moves from one of somebody's projects to another is there.
    """
    shown = {stream: sees_content(entry, stream) for stream in entry.places}
    audiences: dict[tuple[bool, StreamName], list[H]] = {}
    for each in hearers:
        is_admin = each.actor is not None and each.actor.is_admin
        for stream in heard_in(each, entry):
            audiences.setdefault((is_admin or shown[stream], stream), []).append(each)
    for (content, stream), to in sorted(audiences.items(), key=lambda audience: audience[0]):
        yield Outgoing(to, *as_told(entry, stream, content=content))


def heard_in(hearer: Hearer, entry: Entry) -> list[StreamName]:
    """The streams in which somebody hears of an event."""
    views = hearer.views.values()
    heard = [stream for stream in entry.places if any(view.hears(entry, stream) for view in views)]
    if heard or not entry.places:
        return heard
    anywhere = any(view.everywhere and view.matches(entry) for view in views)
    return [min(entry.places)] if anywhere else []


def as_told(entry: Entry, stream: StreamName, *, content: bool) -> tuple[str, Message]:
    """The name and the message of an event at its place in `stream`."""
    return build_message(
        entry.record,
        stream,
        entry.places[stream],
        content=content,
        comments=entry.comments(stream, content=content),
    )


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
