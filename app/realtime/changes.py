"""The log as a feed over HTTP: what came after a place in it, for one reader.

The place is a `position`, which counts every event of everybody. So one call looks at a bounded
part of the log, whoever else wrote in it, and answers a place further on even where it found
nothing: whoever asks again gets on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.errors import Gone
from app.core.events import EventRecord, Stream, StreamEntry, StreamName
from app.projects.events import MemberEvent, MemberRemoved, ProjectDeleted
from app.projects.queries import projects_of
from app.realtime.entries import Entry, as_told, sees_content
from app.realtime.messages import Message
from app.realtime.queries import entries_of, last_position
from app.users.actor import Actor

WINDOW = 5000
"""So many events of everybody one call looks at, at most."""

MAX_BEHIND = 50_000
"""Who is further behind reads less by reading the lists."""

_START_OVER = (
    "This cursor is too old: start over. Read the lists, then go on from a fresh cursor, which you "
    "get here without `since`."
)


@dataclass(frozen=True)
class Changes:
    """Changes, oldest first, up to the place `cursor`, and whether more of the log is there."""

    changes: Sequence[Message]
    cursor: int
    has_more: bool


def read_changes(session: Session, since: int | None, limit: int, actor: Actor) -> Changes:
    """At most `limit` changes after `since` that `actor` hears of; with None where the log stands.

    `session` must see one moment of the database. Raises Gone for a place that is too far back, or
    after which something was purged, or that the log has not reached (an older one was restored).
    """
    last = last_position(session)
    if since is None:
        return Changes((), last, has_more=False)
    within, until = _window(session, since, last)
    own = _own_streams(session, actor)
    heard = select(EventRecord).where(within, _is_heard(actor, own))
    found = session.scalars(heard.order_by(EventRecord.position).limit(limit + 1)).all()
    told = entries_of(session, found[:limit])
    reached = (found[limit - 1].position or 0) if len(found) > limit else until
    changes = [_as_seen_by(actor, entry, own.values()) for entry in told]
    return Changes(changes, reached, has_more=reached < last)


def _window(session: Session, since: int, last: int) -> tuple[ColumnElement[bool], int]:
    """The condition for the events that one call looks at, and the last place among them."""
    until = min(since + WINDOW, last)
    within = EventRecord.position.between(since + 1, until)
    if 0 <= last - since <= MAX_BEHIND:
        kept = session.scalar(select(func.count()).select_from(EventRecord).where(within))
        if kept == until - since:
            return within, until
    raise Gone(_START_OVER)


def _own_streams(session: Session, actor: Actor) -> dict[int, StreamName]:
    """The streams that `actor` reads, by id: the own one and those of the own projects."""
    projects = session.scalars(projects_of(actor)).all()
    own = or_(
        and_(Stream.kind == "user", Stream.ref_id == actor.id),
        and_(Stream.kind == "project", Stream.ref_id.in_(projects)),
    )
    return {stream.id: stream.name for stream in session.scalars(select(Stream).where(own))}


def _is_heard(actor: Actor, own: Collection[int]) -> ColumnElement[bool]:
    """Whether `actor` hears of an event."""
    entered = select(StreamEntry.stream_id).where(StreamEntry.event_id == EventRecord.id)
    if not actor.is_admin:
        entered = entered.where(StreamEntry.stream_id.in_(own))
    # Not EXISTS: for that, PostgreSQL may choose to read the whole of a stream before the window.
    is_in_stream = entered.limit(1).scalar_subquery().is_not(None)
    return is_in_stream if actor.is_admin else or_(is_in_stream, _ends_own_project(actor))


def _ends_own_project(actor: Actor) -> ColumnElement[bool]:
    """Whether it is the end of a project that `actor` was in until then.

    Nobody is a member of it any more. Its stream says no more than its id.
    """
    member = aliased(EventRecord)
    newest = (
        select(member.type)
        .where(
            member.entity == MemberEvent.entity,
            member.entity_id == actor.id,
            member.project_id == EventRecord.project_id,
        )
        .order_by(member.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return and_(EventRecord.type == ProjectDeleted.type, newest != MemberRemoved.type)


def _as_seen_by(actor: Actor, entry: Entry, own: Collection[StreamName]) -> Message:
    """The message of an event at one of its places.

    That is the place at which `actor` is shown most: of a task that moves from one own stream to
    another, the first would only hear that it is gone.
    """
    mine = StreamName.of_user(actor.id)
    if actor.is_admin:
        stream = mine if mine in entry.places else min(entry.places)
        return as_told(entry, stream, content=True)[1]
    heard = sorted(entry.places.keys() & set(own)) or sorted(entry.places)
    shown = [stream for stream in heard if sees_content(entry, stream)]
    stream = (shown or heard)[0]
    return as_told(entry, stream, content=bool(shown))[1]
