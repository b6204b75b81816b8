"""What is sent about an event, and to whom; knows nothing of any transport.

An event is sent once per stream it entered, to those who read that stream. Of these, whoever sees
the task after the event gets its content; whoever does not (any more) gets a removal with nothing
but the id. A task that somebody newly sees comes as `task.updated` with the full content: the
event is one and the same for everybody in its stream, and a client that does not know the id adds
it. Administrators read everything and get every event exactly once: with the place in their own
stream where it entered that, else with the place in the first of its streams.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.core.events import ADMIN_STREAM, EventRecord, StreamName
from app.projects.events import MemberAdded, MemberRemoved, ProjectDeleted
from app.realtime.messages import Message, build_message
from app.tasks.events import TaskEvent, after, streams_of

ADMINS = "admin:all"
"""The room of all administrators."""


@dataclass(frozen=True)
class Entry:
    """An event, the place it has in each of its streams, and who sees its task now.

    `present` holds the streams of those who see the task at the moment of sending. Content goes
    only to those who saw it after the event and still do: sending may be late.
    """

    record: EventRecord
    places: Mapping[StreamName, int]
    present: frozenset[StreamName] = frozenset()


@dataclass(frozen=True)
class Outgoing:
    """One message for one room, except to those who are in one of the `except_rooms`."""

    room: str
    name: str
    message: Message
    except_rooms: tuple[str, ...] = ()


class Admission(NamedTuple):
    """That a user (None: everybody) enters the room of a stream, or has to leave it."""

    stream: StreamName
    user_id: int | None
    enters: bool


class Told(NamedTuple):
    """One message for all connections of one user, and for nobody else."""

    user_id: int
    name: str
    message: Message


def room_of(stream: StreamName, *, admin: bool) -> str:
    """The room of a stream's readers; administrators among them see more, so have their own."""
    return f"{stream}#admin" if admin else str(stream)


def sees_content(entry: Entry, stream: StreamName) -> bool:
    """Whether the readers of `stream` may be shown what the event is about.

    A task, and what is said about it, to those who saw it after the event and see it now; what has
    no task, such as a board, to everyone whose stream the event is in.
    """
    record = entry.record
    if record.task_id is None:
        return True
    if stream not in entry.present or record.entity != TaskEvent.entity:
        return stream in entry.present
    task = after(record)
    return task is not None and stream in streams_of(task)


def admission(record: EventRecord) -> Admission | None:
    """Who is let into the room of a project, or out of it, because of the event."""
    if record.project_id is None:
        return None
    stream = StreamName.of_project(record.project_id)
    if record.type in (MemberAdded.type, MemberRemoved.type):
        return Admission(stream, record.entity_id, record.type == MemberAdded.type)
    return Admission(stream, None, False) if record.type == ProjectDeleted.type else None


def route(entry: Entry) -> Iterator[Outgoing]:
    """Everything that is sent about an event."""
    record, streams = entry.record, sorted(entry.places)
    for stream in streams:
        seq, content = entry.places[stream], sees_content(entry, stream)
        name, message = build_message(record, stream, seq, content=content)
        yield Outgoing(room_of(stream, admin=False), name, message)
        name, message = build_message(record, stream, seq)
        yield Outgoing(room_of(stream, admin=True), name, message)
    if streams and ADMIN_STREAM not in entry.places:
        name, message = build_message(record, streams[0], entry.places[streams[0]])
        served = tuple(room_of(stream, admin=True) for stream in streams)
        yield Outgoing(ADMINS, name, message, except_rooms=served)
