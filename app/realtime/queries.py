"""Reading the log for those who are connected: what is new, and what a client has missed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.comments.events import CommentEvent
from app.comments.models import Comment
from app.core.errors import NotFound
from app.core.events import ADMIN_STREAM, EventRecord, Stream, StreamEntry, StreamName
from app.notifications import queries as inbox
from app.projects.queries import is_member
from app.realtime.hub import Entry, Told
from app.realtime.messages import notification_message
from app.tasks.events import streams_of
from app.tasks.models import Task
from app.users.actor import Actor

BATCH = 500
MAX_REPLAY = 500

_NO_STREAM = (
    'You read no such stream. Yours are "user:<your id>" and "project:<id>" of your projects.'
)


@dataclass(frozen=True)
class Replay:
    """What a client missed of a stream; where that is too much, it has to read all anew."""

    head: int
    resync_required: bool
    entries: Sequence[Entry] = ()


def last_position(session: Session) -> int:
    """The position of the newest event that has one; 0 in an empty log."""
    return session.scalar(select(func.max(EventRecord.position))) or 0


def entries_after(session: Session, position: int) -> list[Entry]:
    """The next events in the order of their positions, at most BATCH."""
    records = session.scalars(
        select(EventRecord)
        .where(EventRecord.position > position)
        .order_by(EventRecord.position)
        .limit(BATCH)
    ).all()
    return entries_of(session, records)


def entries_of(session: Session, records: Sequence[EventRecord]) -> list[Entry]:
    """Events with their places, and with those who see their tasks now."""
    if not records:
        return []
    places = _places(session, [record.id for record in records])
    present = _present(session, records)
    return [
        Entry(record, places.get(record.id, {}), present.get(record.id, frozenset()))
        for record in records
    ]


def entry_of(session: Session, record: EventRecord) -> Entry:
    """One event with its places, and with those who see its task now."""
    return entries_of(session, [record])[0]


def told_of(
    session: Session, entries: Sequence[Entry], user_ids: Collection[int]
) -> Mapping[int, Sequence[Told]]:
    """What is new in the inboxes of these users because of `entries`, by the id of the event.

    It costs one query, and a second one where there is something to tell.
    """
    if not entries:
        return {}
    found = inbox.told_by(session, [entry.record.id for entry in entries], user_ids)
    if not found:
        return {}
    unread = inbox.count_unread_of(session, {user_id for _, user_id, _ in found})
    told: dict[int, list[Told]] = {}
    for event_id, user_id, shown in found:
        stream = StreamName.of_user(user_id)
        name, message = notification_message(stream, shown, unread.get(user_id, 0))
        told.setdefault(event_id, []).append(Told(user_id, name, message))
    return told


def missed(session: Session, stream: StreamName, last_seq: int | None, actor: Actor) -> Replay:
    """What came after `last_seq` in `stream`; with None only where the stream stands.

    Raises NotFound for a stream that `actor` may not read, or that there is none of. An
    administrator may read every stream, anyone else the own one and those of the own projects.
    """
    own = stream == StreamName.of_user(actor.id) or (
        stream.kind == "project" and is_member(session, stream.ref_id, actor.id)
    )
    if not (own or actor.is_admin):
        raise NotFound(_NO_STREAM)
    found = session.execute(
        select(Stream.id, Stream.last_seq).where(
            Stream.kind == stream.kind, Stream.ref_id == stream.ref_id
        )
    ).one_or_none()
    if found is None and not (own or stream == ADMIN_STREAM):
        raise NotFound(_NO_STREAM)
    stream_id, head = found or (0, 0)
    if last_seq is None or last_seq == head:
        return Replay(head, resync_required=False)
    if not 0 < head - last_seq <= MAX_REPLAY:
        return Replay(head, resync_required=True)
    entries = _entries_of(session, stream, stream_id, last_seq)
    # The audit log's retention may have taken some of them.
    is_whole = len(entries) == head - last_seq
    return Replay(head, False, entries) if is_whole else Replay(head, resync_required=True)


def _entries_of(session: Session, stream: StreamName, stream_id: int, last_seq: int) -> list[Entry]:
    rows = session.execute(
        select(StreamEntry.seq, EventRecord)
        .join(EventRecord, EventRecord.id == StreamEntry.event_id)
        .where(StreamEntry.stream_id == stream_id, StreamEntry.seq > last_seq)
        .order_by(StreamEntry.seq)
        .limit(MAX_REPLAY)
    ).all()
    present = _present(session, [record for _, record in rows])
    return [
        Entry(record, {stream: seq}, present.get(record.id, frozenset())) for seq, record in rows
    ]


def _places(session: Session, ids: Collection[int]) -> Mapping[int, Mapping[StreamName, int]]:
    """By event: its place in each stream it entered."""
    found: dict[int, dict[StreamName, int]] = {}
    for event_id, kind, ref_id, seq in session.execute(
        select(StreamEntry.event_id, Stream.kind, Stream.ref_id, StreamEntry.seq)
        .join(Stream, Stream.id == StreamEntry.stream_id)
        .where(StreamEntry.event_id.in_(ids))
    ):
        found.setdefault(event_id, {})[StreamName(kind, ref_id)] = seq
    return found


def _present(
    session: Session, records: Iterable[EventRecord]
) -> Mapping[int, frozenset[StreamName]]:
    """By event: the streams of those who see its task now.

    Nobody sees a deleted task, or what a comment said that is deleted by now.
    """
    about_tasks = [record for record in records if record.task_id is not None]
    if not about_tasks:
        return {}
    rows = session.execute(
        select(Task.id, Task.project_id, Task.reporter_id, Task.assignee_id).where(
            Task.id.in_({record.task_id for record in about_tasks}), Task.deleted_at.is_(None)
        )
    )
    seen: dict[int | None, frozenset[StreamName]] = {
        task_id: streams_of({"project": project, "reporter": reporter, "assignee": assignee})
        for task_id, project, reporter, assignee in rows
    }
    gone = _deleted_comments(session, about_tasks)
    return {
        record.id: seen.get(record.task_id, frozenset())
        for record in about_tasks
        if not (record.entity == CommentEvent.entity and record.entity_id in gone)
    }


def _deleted_comments(session: Session, records: Iterable[EventRecord]) -> set[int]:
    ids = {record.entity_id for record in records if record.entity == CommentEvent.entity}
    if not ids:
        return set()
    deleted = select(Comment.id).where(Comment.id.in_(ids), Comment.deleted_at.is_not(None))
    return set(session.scalars(deleted))
