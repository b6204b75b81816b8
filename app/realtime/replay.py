"""What a client has missed: the part of the log between what it knows and what is sent live."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from app.core.events import EventRecord, Stream, StreamEntry, StreamName
from app.realtime.entries import Entry
from app.realtime.queries import entries_at

MAX_REPLAY = 500


@dataclass(frozen=True)
class Replay:
    """What a client missed of some streams; where that is too much, it has to read all anew.

    `heads` says where the streams stand, `since` after which place the client is told of them: from
    there to the heads by the `entries`, of all that comes later as it happens.
    """

    heads: Mapping[StreamName, int]
    since: dict[StreamName, int]
    resync_required: bool = False
    entries: Sequence[Entry] = ()


class _Place(NamedTuple):
    """Where a stream stands: up to the position that was asked for, and altogether."""

    stream_id: int
    head: int
    last_seq: int


def missed(session: Session, known: Mapping[StreamName, int | None], position: int) -> Replay:
    """What came after the `known` places of streams up to a position in the log, in its order.

    Of a stream without a known place only where it stands. One that has no event yet stands at 0.
    """
    places = _places(session, known.keys(), position)
    heads = {stream: places[stream].head if stream in places else 0 for stream in known}
    asked = {stream: seq for stream, seq in known.items() if seq is not None}
    gaps = {stream: max(0, heads[stream] - seq) for stream, seq in asked.items()}
    # Another process may have sent more already, but nobody more than there is.
    is_possible = all(seq <= _last_seq(places, stream) for stream, seq in asked.items())
    if is_possible and sum(gaps.values()) <= MAX_REPLAY:
        wanted = {places[stream].stream_id: asked[stream] for stream, gap in gaps.items() if gap}
        entries = _entries_after(session, wanted, {places[s].stream_id: s for s in places}, heads)
        # The audit log's retention may have taken some of them.
        if len(entries) == sum(gaps.values()):
            return Replay(heads, heads | asked, entries=entries)
    return Replay(heads, dict(heads), resync_required=True)


def _last_seq(places: Mapping[StreamName, _Place], stream: StreamName) -> int:
    return places[stream].last_seq if stream in places else 0


def _places(
    session: Session, streams: Collection[StreamName], position: int
) -> Mapping[StreamName, _Place]:
    rows = session.execute(
        select(Stream.id, Stream.kind, Stream.ref_id, Stream.last_seq).where(
            tuple_(Stream.kind, Stream.ref_id).in_(streams)
        )
    ).all()
    later = _first_later(session, [row.id for row in rows], position)
    return {
        StreamName(kind, ref_id): _Place(id_, later.get(id_, last_seq + 1) - 1, last_seq)
        for id_, kind, ref_id, last_seq in rows
    }


def _first_later(session: Session, stream_ids: Collection[int], position: int) -> Mapping[int, int]:
    """By stream: its first event after a position; those that have no position yet come after."""
    # Two searches of one index each; few events are that new.
    later = union_all(
        select(EventRecord.id).where(EventRecord.position.is_(None)),
        select(EventRecord.id).where(EventRecord.position > position),
    ).cte("later")
    rows = session.execute(
        select(StreamEntry.stream_id, func.min(StreamEntry.seq))
        .join(later, later.c.id == StreamEntry.event_id)
        .where(StreamEntry.stream_id.in_(stream_ids))
        .group_by(StreamEntry.stream_id)
    )
    return dict(iter(rows))


def _entries_after(
    session: Session,
    wanted: Mapping[int, int],
    names: Mapping[int, StreamName],
    heads: Mapping[StreamName, int],
) -> list[Entry]:
    """The events of streams after a place in each, as entries with that one place."""
    if not wanted:
        return []
    within = [
        and_(
            StreamEntry.stream_id == stream_id,
            StreamEntry.seq > seq,
            StreamEntry.seq <= heads[names[stream_id]],
        )
        for stream_id, seq in wanted.items()
    ]
    rows = session.execute(
        select(StreamEntry.stream_id, StreamEntry.seq, EventRecord)
        .join(EventRecord, EventRecord.id == StreamEntry.event_id)
        .where(or_(*within))
        .order_by(EventRecord.position, StreamEntry.stream_id)
    ).all()
    found = [(record, {names[stream_id]: seq}) for stream_id, seq, record in rows]
    return entries_at(session, found)
