"""The daily summary: who has something to do is told once a day what is due and what was done.

What has been told stands in the event log alone, so neither a second run nor a second beat tells it
again. What a mail will say is read here and kept in the event, so that a retry says the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    DateTime,
    Row,
    Select,
    Values,
    case,
    column,
    exists,
    func,
    literal,
    select,
    union_all,
    values,
)
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN, Status
from app.core import clock, events
from app.core.events import EventRecord
from app.notifications.events import SummaryDue
from app.notifications.kinds import Channel, Kind
from app.notifications.models import NotificationPreference
from app.projects.models import Project
from app.tasks.due import day_bounds
from app.tasks.models import Task
from app.users.models import User

BATCH = 500
SHOWN = 10
"""Tasks of one section in a mail; of the others only their number."""
SECTIONS = ("overdue", "today", "week", "done")


class Day(NamedTuple):
    """What the days of one reader are, in that reader's time zone."""

    user_id: int
    yesterday: datetime
    today: datetime
    tomorrow: datetime
    week: datetime


def summarise_batch(session: Session, *, since: datetime, after: int) -> tuple[int, int | None]:
    """Record a summary for the next users, at most BATCH, who have something to be told.

    `since` is when the present day began: who was told after that is not told again. Returns how
    many were recorded, and the id of the user after whom to go on, None at the end. One batch is
    under way at a time, in whatever process, and it sees the events of those before it.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("daily_summary"))))
    readers = session.execute(_next_readers(since, after)).all()
    if not readers:
        return 0, None
    zones = {user_id: ZoneInfo(zone) for user_id, zone in readers}
    days = {user_id: _day(user_id, zone) for user_id, zone in zones.items()}
    told = _tasks_of(session, list(days.values()))
    for user_id, sections in told.items():
        events.record(_about(days[user_id], sections, zones[user_id]))
    return len(told), readers[-1].id if len(readers) == BATCH else None


def _next_readers(since: datetime, after: int) -> Select[int, str]:
    refused = exists().where(
        NotificationPreference.user_id == User.id,
        NotificationPreference.kind == Kind.DAILY_SUMMARY.value,
        NotificationPreference.channel == Channel.EMAIL.value,
        ~NotificationPreference.enabled,
    )
    told = exists().where(
        EventRecord.entity == SummaryDue.entity,
        EventRecord.entity_id == User.id,
        EventRecord.at >= since,
    )
    return (
        select(User.id, User.timezone)
        .where(User.id > after, User.is_active, User.email.is_not(None), ~refused, ~told)
        .order_by(User.id)
        .limit(BATCH)
    )


def _day(user_id: int, zone: ZoneInfo) -> Day:
    local = clock.now().astimezone(zone).date()
    yesterday, today = day_bounds(local - timedelta(days=1), zone)
    tomorrow, _ = day_bounds(local + timedelta(days=1), zone)
    week, _ = day_bounds(local + timedelta(days=8), zone)
    return Day(user_id, yesterday, today, tomorrow, week)


def _tasks_of(session: Session, days: Sequence[Day]) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    """The sections of each reader who has any, by user: `{"name", "count", "tasks": […]}`."""
    told = union_all(*_branches(_as_table(days))).subquery()
    place = func.row_number().over(
        partition_by=(told.c.user_id, told.c.section), order_by=(told.c.moment, told.c.id)
    )
    count = func.count().over(partition_by=(told.c.user_id, told.c.section))
    ranked = select(told, place.label("place"), count.label("count")).subquery()
    rows = session.execute(
        select(ranked)
        .where(ranked.c.place <= SHOWN)
        .order_by(ranked.c.user_id, ranked.c.section, ranked.c.place)
    )
    return {
        user_id: _sections(of_user) for user_id, of_user in groupby(rows, lambda row: row.user_id)
    }


def _branches(day: Values) -> Iterable[Select[Any]]:
    """What is open and due within the week, and what was done yesterday."""
    is_late, is_today = Task.due_at < clock.now(), Task.due_at < day.c.tomorrow
    section = case((is_late, "overdue"), (is_today, "today"), else_="week")
    mine = select(Task.assignee_id.label("user_id"), Task.id, Task.title).join(
        day, day.c.user_id == Task.assignee_id
    )
    yield (
        mine.add_columns(section.label("section"), Task.due_at.label("moment"))
        .outerjoin(Project, Project.id == Task.project_id)
        .where(
            Task.deleted_at.is_(None),
            Task.status.in_(OPEN),
            Task.due_at < day.c.week,
            Project.is_archived.is_not(True),
        )
    )
    yield mine.add_columns(
        literal("done").label("section"), Task.completed_at.label("moment")
    ).where(
        Task.deleted_at.is_(None),
        Task.status == Status.DONE,
        Task.completed_at >= day.c.yesterday,
        Task.completed_at < day.c.today,
    )


def _as_table(days: Sequence[Day]) -> Values:
    moment = DateTime(timezone=True)
    columns = [column(name, moment) for name in Day._fields[1:]]
    return values(column("user_id", BigInteger), *columns, name="day").data(list(days))


def _sections(rows: Iterable[Row[Any]]) -> Sequence[Mapping[str, Any]]:
    found = {}
    for name, of_section in groupby(rows, lambda row: row.section):
        shown = list(of_section)
        tasks = [{"id": r.id, "title": r.title, "moment": clock.iso(r.moment)} for r in shown]
        found[name] = {"name": name, "count": shown[0].count, "tasks": tasks}
    return [found[name] for name in SECTIONS if name in found]


def _about(day: Day, sections: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> SummaryDue:
    local = day.today.astimezone(zone).date()
    return SummaryDue(
        entity_id=day.user_id,
        actor_id=None,
        streams=frozenset(),
        snapshot={"day": local.isoformat(), "sections": sections},
    )
