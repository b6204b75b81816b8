"""Who is sent what about an event: by the views of those who are connected."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.core.events import StreamName
from app.realtime.connection import Connection
from app.realtime.entries import Entry, as_told, sees_content
from app.realtime.messages import Message


class Outgoing(NamedTuple):
    """One message and who is sent it."""

    to: list[Connection]
    name: str
    message: Message


def route(entry: Entry, connections: Iterable[Connection]) -> Iterator[Outgoing]:
    """All that is sent about an event: to each connection once for each stream it hears it in.

    Removals come first: a task that moves from one of somebody's projects to another is there.
    A task that somebody newly sees comes as an update with all of its content: the event is the
    same for everybody in its stream, and a client that does not know the id adds it.
    """
    shown = {stream: sees_content(entry, stream) for stream in entry.places}
    audiences: dict[tuple[bool, StreamName], list[Connection]] = {}
    for each in connections:
        is_admin = each.actor is not None and each.actor.is_admin
        for stream in heard_in(each, entry):
            audiences.setdefault((is_admin or shown[stream], stream), []).append(each)
    for (content, stream), to in sorted(audiences.items(), key=lambda audience: audience[0]):
        yield Outgoing(to, *as_told(entry, stream, content=content))


def heard_in(connection: Connection, entry: Entry) -> list[StreamName]:
    """The streams in which a connection hears of an event.

    Who may hear of it everywhere, but reads none of its streams, does so in the first of them.
    """
    views = connection.views.values()
    heard = [stream for stream in entry.places if any(view.hears(entry, stream) for view in views)]
    if heard or not entry.places:
        return heard
    anywhere = any(view.everywhere and view.matches(entry) for view in views)
    return [min(entry.places)] if anywhere else []
