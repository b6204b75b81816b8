"""The event log: every change is one row here, written by the transaction that makes the change.

A stream is the ordered log of one audience: a user, a project, or the administrators. Each event
takes the next `seq` of every stream it enters. The stream rows are locked first, in name order,
and held until the commit, so `seq` is gapless and in commit order within a stream, event ids rise
in the same order, and two writers can never wait for each other in a circle.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

from flask import current_app, has_request_context, request
from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, insert, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.context import request_id
from app.core.models import Base, BigInt, BigIntId, Instant
from app.extensions import db

BATCH = 1000
"""So many events are written at a time."""


class StreamName(NamedTuple):
    """`user:5`, `project:1` or `admin:0`; orders as locks are taken."""

    kind: str
    ref_id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.ref_id}"

    @classmethod
    def of_user(cls, user_id: int) -> "StreamName":
        """The stream of one person."""
        return cls("user", user_id)

    @classmethod
    def of_project(cls, project_id: int) -> "StreamName":
        """The stream of the members of one project."""
        return cls("project", project_id)


ADMIN_STREAM = StreamName("admin", 0)

Changes = Mapping[str, Sequence[Any]]
"""`{"field": [before, after]}`, values as the API prints them."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """The fields that are different, as events hold them; both sides as the API prints them."""
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened, in the past tense. Domains subclass it with `type` and `entity`.

    `snapshot` is the entity as the API prints it, after the change (before it, for a deletion).
    `project_id` is the project it is in then, `former_project_id` another one that it has left.
    """

    type: ClassVar[str]
    entity: ClassVar[str]
    entity_id: int
    actor_id: int | None
    streams: frozenset[StreamName]
    changes: Changes = field(default_factory=dict)
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    project_id: int | None = None
    former_project_id: int | None = None
    task_id: int | None = None
    task_version: int | None = None


class Stream(Base):
    """The head of one audience's log."""

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("kind", "ref_id"),)

    id: Mapped[BigIntId]
    kind: Mapped[str] = mapped_column(String(16))
    ref_id: Mapped[BigInt]
    last_seq: Mapped[BigInt]

    @property
    def name(self) -> StreamName:
        """The name under which clients subscribe."""
        return StreamName(self.kind, self.ref_id)


class EventRecord(Base):
    """One event as stored: audit log, task history and change feed are all this table.

    `position` is null until the relay has seen the event; the relay gives positions one by one in
    an order in which events became visible, so a reader that keeps the last position never misses
    one. (Ids cannot serve: they are taken before the commit and may appear out of order.)
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("event_id"),
        UniqueConstraint("position"),
        Index("ix_events_unrelayed", "id", postgresql_where=text("position IS NULL")),
        Index("ix_events_task", "task_id", "id", postgresql_where=text("task_id IS NOT NULL")),
        Index("ix_events_actor", "actor_id", "id", postgresql_where=text("actor_id IS NOT NULL")),
        Index(
            "ix_events_project", "project_id", "id", postgresql_where=text("project_id IS NOT NULL")
        ),
        Index(
            "ix_events_former_project",
            "former_project_id",
            "id",
            postgresql_where=text("former_project_id IS NOT NULL"),
        ),
        Index("ix_events_entity", "entity", "entity_id", "id"),
        Index("ix_events_at", "at", postgresql_using="brin"),
    )

    id: Mapped[BigIntId]
    event_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True))
    type: Mapped[str] = mapped_column(String(64))
    at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    entity: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[BigInt]
    project_id: Mapped[int | None] = mapped_column(BigInteger)
    former_project_id: Mapped[int | None] = mapped_column(BigInteger)
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    task_version: Mapped[int | None]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(128))
    position: Mapped[int | None] = mapped_column(BigInteger)


class StreamEntry(Base):
    """The place of one event in one stream."""

    __tablename__ = "stream_entries"
    __table_args__ = (Index("ix_stream_entries_event_id", "event_id"),)

    stream_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("streams.id"), primary_key=True, autoincrement=False
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("events.id"))


@dataclass(frozen=True)
class Written:
    """An event that is stored in the present transaction, and the ids of the streams it entered."""

    record: EventRecord
    streams: Mapping[StreamName, int]


FollowUp = Callable[[Session, Event], None]
InTransaction = Callable[[Session, Sequence[Written]], None]
AfterCommit = Callable[[Sequence[EventRecord]], None]
Deliver = Callable[[Session, EventRecord], "Iterable[DeliverTo]"]


class DeliverTo(NamedTuple):
    """An effect owed for an event: how, to whom, and after how long at the soonest."""

    channel: str
    target: str
    wait: timedelta = timedelta(0)


@dataclass(frozen=True)
class Reactions:
    """What follows from one type of event.

    `follow_up` changes what else has to change in the same transaction, and may record further
    events (a new user joins a project, one who leaves a project loses the tasks in it);
    `in_transaction` is committed with the event or not at all; `after_commit` must never raise;
    `deliver` is asked once by the relay, in its transaction, and returns what the workers owe. The
    middle two are given events of the one type in the order in which they happened, as many as
    there are in a row: an import makes thousands.
    """

    follow_up: Sequence[FollowUp] = ()
    in_transaction: Sequence[InTransaction] = ()
    after_commit: Sequence[AfterCommit] = ()
    deliver: Sequence[Deliver] = ()


ReactionTable = Mapping[type[Event], Reactions]
_NONE = Reactions()
_ANY = "*"
"""Under which the reactions to every other type are kept."""


def install_reactions(app: Any, table: ReactionTable) -> None:
    """Make `table` the reactions of `app`; what it has for `Event` follows from every event."""
    every = table.get(Event, _NONE)
    tied = {event.type: _and_also(own, every) for event, own in table.items() if event is not Event}
    app.extensions["reactions"] = tied | {_ANY: every}


def _and_also(own: Reactions, every: Reactions) -> Reactions:
    return Reactions(
        follow_up=[*own.follow_up, *every.follow_up],
        in_transaction=[*own.in_transaction, *every.in_transaction],
        after_commit=[*own.after_commit, *every.after_commit],
        deliver=[*own.deliver, *every.deliver],
    )


def reactions_to(event_type: str) -> Reactions:
    """The reactions that the present application ties to an event type."""
    table: dict[str, Reactions] = current_app.extensions["reactions"]
    return table.get(event_type, table[_ANY])


def record(event: Event) -> None:
    """Note that `event` happened; it is written when the unit of work ends."""
    db.session().info.setdefault("recorded_events", []).append(event)


def forget_recorded(session: Session) -> None:
    """Drop what a failed unit of work had noted."""
    session.info.pop("recorded_events", None)


def write_recorded(session: Session) -> list[EventRecord]:
    """Write the noted events as the transaction's last statements and run their projections."""
    recorded = _take_recorded(session)
    if not recorded:
        return []
    # The rows that the events speak of go first: a violated constraint must surface before any
    # stream is locked.
    session.flush()
    heads = _advance_streams(session, Counter(name for event in recorded for name in event.streams))
    next_seq = {name: first for name, (_, first) in heads.items()}
    records: list[EventRecord] = []
    for start in range(0, len(recorded), BATCH):
        written = _write_batch(session, recorded[start : start + BATCH], heads, next_seq)
        records += [item.record for item in written]
    return records


def _write_batch(
    session: Session,
    recorded: Sequence[Event],
    heads: Mapping[StreamName, tuple[int, int]],
    next_seq: dict[StreamName, int],
) -> list[Written]:
    records = [_to_record(event) for event in recorded]
    session.add_all(records)
    # The entries need the ids, and ids must be taken while the streams are locked.
    session.flush()
    written = [
        Written(stored, {name: heads[name][0] for name in event.streams})
        for event, stored in zip(recorded, records, strict=True)
    ]
    _write_entries(session, written, next_seq)
    for event_type, alike in groupby(written, key=lambda item: item.record.type):
        items = list(alike)
        for project in reactions_to(event_type).in_transaction:
            project(session, items)
    return written


def _take_recorded(session: Session) -> list[Event]:
    """The noted events, with those that their follow-ups note in turn."""
    taken: list[Event] = []
    while pending := session.info.pop("recorded_events", []):
        taken += pending
        for event in pending:
            for follow_up in reactions_to(event.type).follow_up:
                follow_up(session, event)
    return taken


def react_after_commit(records: Iterable[EventRecord]) -> None:
    """Run what the writer must find done when its answer arrives."""
    for event_type, alike in groupby(records, key=lambda record: record.type):
        found = list(alike)
        for react in reactions_to(event_type).after_commit:
            react(found)


def _advance_streams(
    session: Session, wanted: Counter[StreamName]
) -> dict[StreamName, tuple[int, int]]:
    """Lock the streams in order, reserve the numbers; name → (stream id, first reserved seq)."""
    rows = [
        {"kind": name.kind, "ref_id": name.ref_id, "last_seq": wanted[name]}
        for name in sorted(wanted)
    ]
    if not rows:
        return {}
    statement = upsert(Stream)
    # Rows inside of `values()` would have the statement compiled anew each time.
    returned = session.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "ref_id"],
            set_={"last_seq": Stream.last_seq + statement.excluded.last_seq},
        ).returning(Stream.id, Stream.kind, Stream.ref_id, Stream.last_seq),
        rows,
    )
    heads = {}
    for stream_id, kind, ref_id, last_seq in returned:
        name = StreamName(kind, ref_id)
        heads[name] = (stream_id, last_seq - wanted[name] + 1)
    return heads


def _write_entries(
    session: Session, written: Sequence[Written], next_seq: dict[StreamName, int]
) -> None:
    rows = []
    for item in written:
        for name, stream_id in item.streams.items():
            rows.append({"stream_id": stream_id, "seq": next_seq[name], "event_id": item.record.id})
            next_seq[name] += 1
    if rows:
        session.execute(insert(StreamEntry), rows)


def _to_record(event: Event) -> EventRecord:
    return EventRecord(
        event_id=uuid.uuid4(),
        type=event.type,
        at=clock.now(),
        actor_id=event.actor_id,
        entity=event.entity,
        entity_id=event.entity_id,
        project_id=event.project_id,
        former_project_id=event.former_project_id,
        task_id=event.task_id,
        task_version=event.task_version,
        changes=event.changes,
        snapshot=event.snapshot,
        **_origin(),
    )


def _origin() -> dict[str, str | None]:
    """Where the change came from; all null outside a request."""
    if not has_request_context():
        return {"ip": None, "user_agent": None, "request_id": request_id.get()}
    agent = request.user_agent.string.replace("\x00", "")[:500]
    return {"ip": request.remote_addr, "user_agent": agent, "request_id": request_id.get()}
