"""Reading the event log as an audit log: who may read what of it, and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, true, union
from sqlalchemy.orm import Session

from app.core.events import EventRecord
from app.projects.models import ProjectMember
from app.projects.permissions import GRANTS, Permission
from app.projects.queries import projects_of
from app.tasks import filters
from app.tasks.models import Task
from app.users.actor import Actor
from app.users.models import User

MAX_COUNT = 10_000
"""Counting everything would cost more than reading the page; nobody reads on page 500."""
BATCH = 500


class LogPage(NamedTuple):
    """Entries, newest first; how many match (at most MAX_COUNT), and whether more follow."""

    entries: Sequence[dict[str, Any]]
    total: int
    has_more: bool


def read_log(session: Session, query: Mapping[str, Any], actor: Actor) -> LogPage:
    """A page of what `actor` may read of the log; `query` is a LogQuerySchema."""
    wanted, size = _conditions(query, actor), query["page_size"]
    older = [EventRecord.id < query["before"]] if "before" in query else []
    newest = _visible_ids(actor, [*wanted, *older], size + 1)
    rows = session.execute(
        _entries().where(EventRecord.id.in_(newest)).order_by(EventRecord.id.desc()).limit(size + 1)
    ).all()
    counted = _visible_ids(actor, wanted, MAX_COUNT + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    return LogPage([_as_entry(row) for row in rows[:size]], total, len(rows) > size)


def export_log(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> Iterator[dict[str, Any]]:
    """Everything that `actor` may read of the log, newest first, a batch in memory at a time."""
    entries = _entries().where(*_conditions(query, actor), or_(*_visible(actor)))
    streamed = entries.order_by(EventRecord.id.desc()).execution_options(yield_per=BATCH)
    for row in session.execute(streamed):
        yield _as_entry(row)


def _entries() -> Select[EventRecord, int, str]:
    return select(EventRecord, User.id, User.username).outerjoin(
        User, User.id == EventRecord.actor_id
    )


def _as_entry(row: Row[EventRecord, int, str]) -> dict[str, Any]:
    record, actor_id, username = row
    entity, _, action = record.type.partition(".")
    return {
        "id": record.id,
        "event_id": record.event_id,
        "at": record.at,
        "actor": {"id": actor_id, "username": username} if username else None,
        "entity": entity,
        "entity_id": record.entity_id,
        "action": action,
        "project": record.project_id,
        "task": record.task_id,
        "changes": _before_and_after(record, action),
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


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    """What `actor` may read, as conditions, the first of them over the own actions."""
    if actor.is_admin:
        return [true()]
    return [_own(actor), EventRecord.project_id.in_(_administered_by(actor))]


def _own(actor: Actor) -> ColumnElement[bool]:
    """The own actions, as far as `actor` still sees what they were done to."""
    outside = and_(
        EventRecord.project_id.is_(None),
        or_(EventRecord.task_id.is_(None), exists().where(*_is_still_seen(actor))),
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


def _visible_ids(actor: Actor, conditions: Sequence[ColumnElement[bool]], limit: int) -> Any:
    """The ids of the newest `limit` entries that `actor` may read and that match.

    The own actions and each project are read backwards through an index of their own, and no
    further than needed.
    """

    def newest(condition: ColumnElement[bool]) -> Select[int]:
        matching = select(EventRecord.id).where(condition, *conditions)
        return matching.order_by(EventRecord.id.desc()).limit(limit)

    if actor.is_admin:
        return newest(true())
    of_project = EventRecord.project_id == ProjectMember.project_id
    rows = newest(of_project).correlate(ProjectMember).lateral()
    in_projects = _administered_by(actor).with_only_columns(rows.c.id).join(rows, true())
    own = newest(_own(actor)).subquery()
    merged = union(select(own.c.id), in_projects).subquery()
    return select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)


def _conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    columns = {
        "entity": EventRecord.entity,
        "entity_id": EventRecord.entity_id,
        "action": func.split_part(EventRecord.type, ".", 2),
        "project": EventRecord.project_id,
        "task": EventRecord.task_id,
    }
    found = [column.in_(query[name]) for name, column in columns.items() if name in query]
    if "actor" in query:
        people = [actor.id if each == filters.ME else each for each in query["actor"]]
        found.append(EventRecord.actor_id.in_(people))
    if "request_id" in query:
        found.append(EventRecord.request_id == query["request_id"])
    return found + filters.bounds("at", EventRecord.at, query, actor)
