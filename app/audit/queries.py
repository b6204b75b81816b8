"""Reading the event log as an audit log: who may read what of it, and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.db import snapshot
from app.core.events import EventRecord
from app.projects.models import ProjectMember
from app.projects.permissions import GRANTS, Permission
from app.projects.queries import projects_of
from app.tasks import filters
from app.tasks.models import Task
from app.users.actor import Actor
from app.users.events import UserEvent
from app.users.models import User

MAX_COUNT = 10_000
"""Counting everything would cost more than reading the page; nobody reads on page 500."""
BATCH = 500

Column = InstrumentedAttribute[Any]
HOMES: tuple[Column, ...] = (EventRecord.project_id, EventRecord.former_project_id)
"""By which an entry belongs to a project: what it is about is in it, or has left it."""


class LogPage(NamedTuple):
    """Entries, newest first; how many match (at most MAX_COUNT), and whether more follow."""

    entries: Sequence[dict[str, Any]]
    total: int
    has_more: bool


def read_log(session: Session, query: Mapping[str, Any], actor: Actor) -> LogPage:
    """A page of what `actor` may read of the log; `query` is a LogQuerySchema."""
    wanted, size = _conditions(query, actor), query["page_size"]
    entries = _newest(session, query, actor, [*wanted, *_before(query.get("before"))], size + 1)
    counted = _visible_ids(query, actor, wanted, MAX_COUNT + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    return LogPage(entries[:size], total, len(entries) > size)


def export_log(query: Mapping[str, Any], actor: Actor) -> Iterator[dict[str, Any]]:
    """Everything that `actor` may read of the log, newest first, a batch in memory at a time.

    Each batch is read on a connection of its own: however slowly the client reads, none is held
    meanwhile, no time limit of the database cuts the export, and who loses a project loses what
    is still to come of it. Entries do not change, so the batches agree with each other.

    Raises Invalid at once, not when the first entry is asked for.
    """
    return _batches(query, actor, _conditions(query, actor))


def _batches(
    query: Mapping[str, Any], actor: Actor, wanted: Sequence[ColumnElement[bool]]
) -> Iterator[dict[str, Any]]:
    last: int | None = None
    while True:
        with snapshot() as session:
            entries = _newest(session, query, actor, [*wanted, *_before(last)], BATCH)
        yield from entries
        if len(entries) < BATCH:
            return
        last = entries[-1]["id"]


def _before(last: int | None) -> list[ColumnElement[bool]]:
    return [] if last is None else [EventRecord.id < last]


def _newest(
    session: Session,
    query: Mapping[str, Any],
    actor: Actor,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
) -> list[dict[str, Any]]:
    rows = session.execute(
        select(EventRecord, User.id, User.username, _is_seen_whole(actor))
        .outerjoin(User, User.id == EventRecord.actor_id)
        .where(EventRecord.id.in_(_visible_ids(query, actor, conditions, limit)))
        .order_by(EventRecord.id.desc())
        .limit(limit)
    )
    return [_as_entry(row) for row in rows]


def _as_entry(row: Row[EventRecord, int, str, bool]) -> dict[str, Any]:
    record, actor_id, username, is_seen_whole = row
    entity, _, action = record.type.partition(".")
    project, changes = record.project_id, _before_and_after(record, action)
    if not is_seen_whole:
        # Whoever administers the project that a task has left learns that, and nothing more.
        project, changes = record.former_project_id, {"project": [record.former_project_id, None]}
    return {
        "id": record.id,
        "event_id": record.event_id,
        "at": record.at,
        "actor": {"id": actor_id, "username": username} if username else None,
        "entity": entity,
        "entity_id": record.entity_id,
        "action": action,
        "project": project,
        "task": record.task_id,
        "changes": changes,
        "ip": record.ip,
        "user_agent": record.user_agent,
        "request_id": record.request_id,
    }


def _before_and_after(record: EventRecord, action: str) -> Mapping[str, Sequence[Any]]:
    """What came into being was nothing before, and what went is nothing after."""
    held = {name: value for name, value in record.snapshot.items() if value not in (None, "", [])}
    if action in ("created", "added", "registered"):
        return {name: [None, value] for name, value in held.items()}
    if action in ("deleted", "removed"):
        was = {name: old for name, (old, _) in record.changes.items()}
        return {name: [was.get(name, value), None] for name, value in (held | was).items()}
    return record.changes


def _is_seen_whole(actor: Actor) -> ColumnElement[bool]:
    """Whether `actor` sees all that an entry tells, or no more than that a task left a project."""
    if actor.is_admin:
        return literal(value=True)
    inside = EventRecord.project_id.in_(_administered_by(actor))
    return func.coalesce(or_(_own(actor), inside), literal(value=False))


def _own(actor: Actor) -> ColumnElement[bool]:
    """The own actions, as far as `actor` still sees what they were done to."""
    # An account is seen by its user; others only by administrators, of whom one may be none now.
    apart = and_(
        EventRecord.task_id.is_(None),
        or_(EventRecord.entity != UserEvent.entity, EventRecord.entity_id == actor.id),
    )
    outside = and_(
        EventRecord.project_id.is_(None), or_(apart, exists().where(*_is_still_seen(actor)))
    )
    inside = EventRecord.project_id.in_(projects_of(actor))
    return and_(EventRecord.actor_id == actor.id, or_(inside, outside))


def _is_still_seen(actor: Actor) -> Sequence[ColumnElement[bool]]:
    mine = or_(Task.reporter_id == actor.id, Task.assignee_id == actor.id)
    at_home = and_(Task.project_id.is_(None), mine)
    return Task.id == EventRecord.task_id, or_(at_home, Task.project_id.in_(projects_of(actor)))


def _administered_by(actor: Actor) -> Select[int]:
    """The projects whose whole log `actor` may read, as the table of permissions says."""
    role = GRANTS[Permission.SEE_AUDIT].role
    return projects_of(actor).where(ProjectMember.role == role)


def _visible_ids(
    query: Mapping[str, Any],
    actor: Actor,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
) -> Any:
    """The ids of the newest `limit` entries that `actor` may read and that match.

    The own actions and each project are read backwards through an index of their own, and no
    further than needed.
    """

    def newest(*of: ColumnElement[bool]) -> Select[int]:
        matching = select(EventRecord.id).where(*of, *conditions)
        return matching.order_by(EventRecord.id.desc()).limit(limit)

    projects: Any = query.get("project")
    if actor.is_admin and projects is None:
        return newest()
    if actor.is_admin:
        parts = [select(newest(home.in_(projects)).subquery().c.id) for home in HOMES]
    else:
        in_projects = true() if projects is None else or_(*(h.in_(projects) for h in HOMES))
        own = newest(_own(actor), in_projects)
        of_mine = [_in_each(newest, home, _administered_by(actor), projects) for home in HOMES]
        parts = [select(own.subquery().c.id), *of_mine]
    merged = union(*parts).subquery()
    return select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)


def _in_each(newest: Any, home: Column, mine: Select[int], projects: Any) -> Select[int]:
    """The ids that `newest` finds in each of the projects `mine`, or those `projects` of them."""
    rows = newest(home == ProjectMember.project_id).correlate(ProjectMember).lateral()
    found: Select[int] = mine.join(rows, true()).with_only_columns(rows.c.id)
    return found if projects is None else found.where(ProjectMember.project_id.in_(projects))


def _conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    """What `query` asks of an entry; its project is asked for where the entries are looked up."""
    columns = {
        "entity": EventRecord.entity,
        "entity_id": EventRecord.entity_id,
        "action": func.split_part(EventRecord.type, ".", 2),
        "task": EventRecord.task_id,
    }
    found = [column.in_(query[name]) for name, column in columns.items() if name in query]
    if "actor" in query:
        people = [actor.id if each == filters.ME else each for each in query["actor"]]
        found.append(EventRecord.actor_id.in_(people))
    if "request_id" in query:
        found.append(EventRecord.request_id == query["request_id"])
    return found + filters.bounds("at", EventRecord.at, query, actor)
