"""What there is to know of an event before it is sent, and who may be shown its content.

Whoever reads a stream hears of every event in it. Who sees the task after the event gets its
content; who does not (any more) gets a removal with nothing but the id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from app.core.events import EventRecord, StreamName
from app.projects.events import MemberAdded, MemberRemoved, ProjectDeleted
from app.realtime.messages import Message, build_message
from app.tasks.events import TaskEvent, after, before, streams_of


@dataclass(frozen=True)
class Entry:
    """An event, the place it has in each of its streams, and who sees its task now.

    `seen_in` holds the streams of those who see the task at the moment of sending. Content goes
    only to those who saw it after the event and still do: sending may be late. `task` is where the
    task of the event is now, whose it is and how much is said about it (`project`, `board`,
    `reporter`, `assignee`, `comments_count`, `comments_version`).
    """

    record: EventRecord
    places: Mapping[StreamName, int]
    seen_in: frozenset[StreamName] = frozenset()
    task: Mapping[str, Any] | None = None

    @cached_property
    def tasks(self) -> Sequence[Mapping[str, Any]]:
        """The task as the event left it and as it was before; where it is only spoken of, as it is.

        Asked for each subscription of each connection, hence made once.
        """
        if self.record.entity != TaskEvent.entity:
            return [self.task] if self.task is not None else []
        return [task for task in (after(self.record), before(self.record)) if task is not None]

    def comments(self, stream: StreamName, *, content: bool) -> Mapping[str, int]:
        """The numbers of comments that its task has now, as readers of `stream` may know them.

        What a deleted comment said is content that nobody is shown; that there is one less, all
        who see the task are told.
        """
        task = self.task
        if task is None or not (content or (task["is_there"] and stream in streams_of(task))):
            return {}
        return {name: task[name] for name in ("comments_count", "comments_version")}


class Admission(NamedTuple):
    """That a user (None: everybody) may hear a stream from now on, or may not any longer."""

    stream: StreamName
    user_id: int | None
    enters: bool


class Told(NamedTuple):
    """One message for all connections of one user, and for nobody else."""

    user_id: int
    name: str
    message: Message


@dataclass(frozen=True)
class Arrival:
    """An event, and what is new in inboxes because of it."""

    entry: Entry
    told: Sequence[Told] = ()


def sees_content(entry: Entry, stream: StreamName) -> bool:
    """Whether the readers of `stream` may be shown what the event is about.

    A task, and what is said about it, to those who saw it after the event and see it now; what has
    no task, such as a board, to everyone whose stream the event is in.
    """
    record = entry.record
    if record.task_id is None:
        return True
    if stream not in entry.seen_in or record.entity != TaskEvent.entity:
        return stream in entry.seen_in
    task = after(record)
    return task is not None and stream in streams_of(task)


def as_told(entry: Entry, stream: StreamName, *, content: bool) -> tuple[str, Message]:
    """The name and the message of an event at its place in `stream`."""
    return build_message(
        entry.record,
        stream,
        entry.places[stream],
        content=content,
        comments=entry.comments(stream, content=content),
    )


def admission(record: EventRecord) -> Admission | None:
    """Who may hear the stream of a project, or not any longer, because of the event."""
    if record.project_id is None:
        return None
    stream = StreamName.of_project(record.project_id)
    if record.type in (MemberAdded.type, MemberRemoved.type):
        return Admission(stream, record.entity_id, record.type == MemberAdded.type)
    return Admission(stream, None, False) if record.type == ProjectDeleted.type else None
