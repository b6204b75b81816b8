"""Reading the counters: what the caller may see, in one snapshot."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN, Status
from app.core import clock
from app.core.db import snapshot
from app.core.events import Stream
from app.projects.queries import projects_of
from app.reports.models import TaskCount
from app.reports.over_time import over_time
from app.reports.periods import Period
from app.tasks.models import Priority, Task
from app.tasks.policy import visible_to
from app.users.actor import Actor
from app.users.models import User

DUE_SOON = timedelta(hours=24)


def current_insight(actor: Actor, period: Period | None = None) -> dict[str, Any]:
    """`insight` of this moment, in a transaction of its own; with a period also `over_time`."""
    with snapshot() as session:
        found = insight(session, actor)
        return found if period is None else found | {"over_time": over_time(session, period, actor)}


def insight(session: Session, actor: Actor) -> dict[str, Any]:
    """The numbers of the insight report (InsightSchema) over the tasks that `actor` sees.

    The transaction must be REPEATABLE READ, so that all numbers are of one moment. The counters
    make the cost independent of the number of tasks; only what is due soon or overdue is counted
    among the open tasks, by index.
    """
    counts = _counts(session, actor)
    names = _usernames(session, counts)
    by_status = _totals(counts, "status")
    total, done = sum(by_status.values()), by_status[Status.DONE]
    soon, overdue, breached = _due(session, actor)
    return {
        "total": total,
        "completed": done,
        "pending": by_status[Status.BACKLOG] + by_status[Status.TODO],
        "tasks_by_priority": {each: _totals(counts, "priority")[each] for each in Priority},
        "tasks_by_status": {each: by_status[each] for each in Status},
        "tasks_assigned": _by_name(_totals(counts, "assignee_id"), names),
        "tasks_created": _by_name(_totals(counts, "reporter_id"), names),
        "tasks_due_soon": soon,
        "overdue": overdue,
        "sla_breached": breached,
        "completion_rate": round(done / total, 4) if total else 0.0,
    }


def _counts(session: Session, actor: Actor) -> list[Row[Any]]:
    columns = (
        TaskCount.reporter_id,
        TaskCount.assignee_id,
        TaskCount.status,
        TaskCount.priority,
        TaskCount.tasks,
    )
    seen = select(*columns).join(Stream, Stream.id == TaskCount.stream_id)
    return list(session.execute(seen.where(_streams_seen(actor), TaskCount.tasks > 0)))


def _streams_seen(actor: Actor) -> ColumnElement[bool]:
    """The streams that hold each visible task once.

    A task in a project is counted in the project's stream. One outside is counted in the streams
    of its two people; for an administrator, who sees both, the reporter's counts.
    """
    in_project = Stream.kind == "project"
    if actor.is_admin:
        return or_(in_project, and_(Stream.kind == "user", Stream.ref_id == TaskCount.reporter_id))
    return or_(
        and_(in_project, Stream.ref_id.in_(projects_of(actor))),
        and_(Stream.kind == "user", Stream.ref_id == actor.id),
    )


def _totals(counts: Iterable[Row[Any]], column: str) -> Counter[Any]:
    totals: Counter[Any] = Counter()
    for row in counts:
        totals[getattr(row, column)] += row.tasks
    return totals


def _usernames(session: Session, counts: Iterable[Row[Any]]) -> dict[int, str]:
    ids = {person for row in counts for person in (row.reporter_id, row.assignee_id)}
    rows = session.execute(select(User.id, User.username).where(User.id.in_(ids)))
    return {row.id: row.username for row in rows}


def _by_name(totals: Counter[int], names: dict[int, str]) -> dict[str, int]:
    """Busiest first; those without a person (nobody is assigned) are left out."""
    return {names[person]: tasks for person, tasks in totals.most_common() if person in names}


def _due(session: Session, actor: Actor) -> tuple[int, int, int]:
    """How many visible open tasks are due within 24 hours, are overdue, have breached the SLA."""
    now = clock.now()
    open_tasks = and_(Task.deleted_at.is_(None), Task.status.in_(OPEN))
    soon = and_(Task.due_at >= now, Task.due_at < now + DUE_SOON)
    counted = [
        select(
            func.count().filter(soon),
            func.count().filter(Task.due_at < now),
            func.count().filter(Task.sla_breached),
        ).where(branch.condition, open_tasks, Task.due_at < now + DUE_SOON)
        for branch in visible_to(actor)
    ]
    rows = session.execute(union_all(*counted)).all()
    soon_due, overdue, breached = (sum(column) for column in zip(*rows, strict=True))
    return soon_due, overdue, breached


def miscounted(session: Session) -> int:
    """Recount everything and return how many counters differ from the tasks; 0 is right."""
    people = or_(Stream.ref_id == Task.reporter_id, Stream.ref_id == Task.assignee_id)
    counted = or_(
        and_(Stream.kind == "project", Stream.ref_id == Task.project_id),
        and_(Stream.kind == "user", Task.project_id.is_(None), people),
    )
    assignee = func.coalesce(Task.assignee_id, 0)
    keys = (Stream.id, Task.reporter_id, assignee, Task.status, Task.priority)
    recounted = (
        select(*(cast(key, Text) for key in keys), func.count())
        .join(Stream, counted)
        .where(Task.deleted_at.is_(None))
        .group_by(*keys)
    )
    kept_keys = (
        TaskCount.stream_id,
        TaskCount.reporter_id,
        TaskCount.assignee_id,
        TaskCount.status,
        TaskCount.priority,
    )
    kept = select(*(cast(key, Text) for key in kept_keys), TaskCount.tasks).where(
        TaskCount.tasks != literal(0)
    )
    wrong = union_all(recounted.except_(kept), kept.except_(recounted)).subquery()
    return session.scalar(select(func.count()).select_from(wrong)) or 0
