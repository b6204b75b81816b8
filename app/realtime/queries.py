"""Reading the log for sockets."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.events import EventRecord, Stream, StreamEntry, StreamName
from app.realtime.messages import ACTIONS

BATCH = 500


class LogEntry(NamedTuple):
    """An event and its place in each stream that it entered, in the order of the streams."""

    record: EventRecord
    places: list[tuple[StreamName, int]]


def last_position(session: Session) -> int:
    """The position of the newest event that the relay has seen."""
    return session.scalar(select(func.max(EventRecord.position))) or 0


def entries_after(session: Session, position: int) -> Sequence[LogEntry]:
    """The next events of the whole log, in the order of their positions."""
    records = session.scalars(
        select(EventRecord)
        .where(EventRecord.position > position)
        .order_by(EventRecord.position)
        .limit(BATCH)
    ).all()
    places: dict[int, list[tuple[StreamName, int]]] = {record.id: [] for record in records}
    rows = session.execute(
        select(StreamEntry.event_id, Stream.kind, Stream.ref_id, StreamEntry.seq)
        .join(Stream, Stream.id == StreamEntry.stream_id)
        .where(StreamEntry.event_id.in_(places))
        .order_by(Stream.kind, Stream.ref_id)
    )
    for event_id, kind, ref_id, seq in rows if records else ():
        places[event_id].append((StreamName(kind, ref_id), seq))
    return [LogEntry(record, places[record.id]) for record in records]


def head_of(session: Session, stream: StreamName) -> int:
    """The `seq` of the newest event of a stream; 0 where there is none."""
    found = select(Stream.last_seq).where(Stream.kind == stream.kind, Stream.ref_id == stream.ref_id)
    return session.scalar(found) or 0


def missed(session: Session, stream: StreamName, last_seq: int) -> Sequence[tuple[int, EventRecord]]:
    """The events of a stream after `last_seq` that sockets tell of, with their `seq`."""
    rows = session.execute(
        select(StreamEntry.seq, EventRecord)
        .join(EventRecord, EventRecord.id == StreamEntry.event_id)
        .join(Stream, Stream.id == StreamEntry.stream_id)
        .where(
            Stream.kind == stream.kind,
            Stream.ref_id == stream.ref_id,
            StreamEntry.seq > last_seq,
            EventRecord.type.in_(ACTIONS),
        )
        .order_by(StreamEntry.seq)
        .limit(BATCH)
    )
    return [(seq, record) for seq, record in rows]
