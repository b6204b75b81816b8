"""Reading the log for those who are connected: what is new, and what is so in inboxes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.comments.events import CommentEvent
from app.comments.models import Comment
from app.core.events import EventRecord, Stream, StreamEntry, StreamName
from app.notifications import queries as inbox
from app.realtime.entries import Entry, Told
from app.realtime.messages import notification_message
from app.tasks.events import streams_of
from app.tasks.models import Task

BATCH = 500


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
    return entries_at(session, [(record, places.get(record.id, {})) for record in records])


def entry_of(session: Session, record: EventRecord) -> Entry:
    """One event with its places, and with those who see its task now."""
    return entries_of(session, [record])[0]


def entries_at(
    session: Session, found: Sequence[tuple[EventRecord, Mapping[StreamName, int]]]
) -> list[Entry]:
    """Events at their places, with where their tasks are now and who sees them.

    Nobody sees a deleted task, or what a comment said that is deleted by now.
    """
    about_tasks = [record for record, _ in found if record.task_id is not None]
    tasks, gone = _tasks(session, about_tasks), _deleted_comments(session, about_tasks)
    entries = []
    for record, places in found:
        task = tasks.get(record.task_id)
        is_gone = record.entity == CommentEvent.entity and record.entity_id in gone
        is_seen = task is not None and task["is_there"] and not is_gone
        seen_in = streams_of(task) if task is not None and is_seen else frozenset[StreamName]()
        entries.append(Entry(record, places, seen_in, task))
    return entries


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


def _tasks(
    session: Session, records: Sequence[EventRecord]
) -> Mapping[int | None, Mapping[str, Any]]:
    """The tasks of events, by id: where each is now, whose it is, what is said, if it is there."""
    if not records:
        return {}
    rows = session.execute(
        select(
            Task.id,
            Task.project_id.label("project"),
            Task.board_id.label("board"),
            Task.reporter_id.label("reporter"),
            Task.assignee_id.label("assignee"),
            Task.comments_count,
            Task.comments_version,
            Task.deleted_at.is_(None).label("is_there"),
        ).where(Task.id.in_({record.task_id for record in records}))
    )
    return {row["id"]: dict(row) for row in rows.mappings()}


def _deleted_comments(session: Session, records: Iterable[EventRecord]) -> set[int]:
    ids = {record.entity_id for record in records if record.entity == CommentEvent.entity}
    if not ids:
        return set()
    deleted = select(Comment.id).where(Comment.id.in_(ids), Comment.deleted_at.is_not(None))
    return set(session.scalars(deleted))
