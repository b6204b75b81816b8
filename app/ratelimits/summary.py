"""Adding the records up: who, what or when was limited most."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Row, Select, cast, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Invalid
from app.core.pagination import numbered
from app.ratelimits.models import RateLimitRecord
from app.tasks.due import day_bounds, due_instant, is_bare_date
from app.users.actor import Actor
from app.users.models import User

USUAL_SPAN = timedelta(days=7)
LONGEST_SPAN = timedelta(days=31)
"""Every record of the span is read, and an hour may have thousands of them."""


def read_summary(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[dict[str, Any]]]:
    """Count and page of the groups that `query` (a RateLimitSummaryQuerySchema) asks for.

    Raises Invalid where the span is too long or ends before it begins.
    """
    groups = _groups(query, actor)
    rows = session.execute(numbered(groups, query)).all()
    # A page beyond the last has no row that could tell how many there are.
    count = rows[0].groups if rows else session.scalar(_number_of(groups)) or 0
    by = query["group_by"]
    names = _usernames(session, rows) if by == "user" else {}
    return count, [_as_entry(row, by, names) for row in rows]


def _groups(query: Mapping[str, Any], actor: Actor) -> Select[Any]:
    by = _column(query["group_by"], actor).label("by")
    requests, rejected = (
        cast(func.sum(column), BigInteger).label(column.key)
        for column in (RateLimitRecord.requests, RateLimitRecord.rejected)
    )
    start = RateLimitRecord.window_start
    return (
        select(
            by,
            requests,
            rejected,
            func.min(start).label("first_window"),
            func.max(start).label("last_window"),
            func.count().over().label("groups"),
        )
        .where(*_conditions(query, actor))
        .group_by(by)
        .order_by(rejected.desc(), requests.desc(), by.asc().nulls_last())
    )


def _column(by: str, actor: Actor) -> ColumnElement[Any]:
    start = RateLimitRecord.window_start
    columns: dict[str, Any] = {
        "user": RateLimitRecord.user_id,
        "endpoint": RateLimitRecord.endpoint,
        "address": RateLimitRecord.address,
        "hour": start,
        "day": cast(func.timezone(actor.timezone, start), Date),
    }
    found: ColumnElement[Any] = columns[by]
    return found


def _conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    first, end = _span(query, actor)
    columns = {"user": RateLimitRecord.user_id, "endpoint": RateLimitRecord.endpoint}
    return [
        RateLimitRecord.window_start >= first,
        RateLimitRecord.window_start < end,
        *(column == query[name] for name, column in columns.items() if name in query),
    ]


def _span(query: Mapping[str, Any], actor: Actor) -> tuple[datetime, datetime]:
    """The first instant of the span and the one after its last."""
    end = _bounds(query["to"], actor)[1] if "to" in query else clock.now()
    first = _bounds(query["from"], actor)[0] if "from" in query else end - USUAL_SPAN
    if first >= end:
        raise Invalid.field("from", "must not be after to")
    if end - first > LONGEST_SPAN:
        raise Invalid.field("from", f"must be at most {LONGEST_SPAN.days} days before to")
    return first, end


def _bounds(given: date | datetime, actor: Actor) -> tuple[datetime, datetime]:
    if is_bare_date(given):
        return day_bounds(given, actor.zone)
    instant = due_instant(given, actor.zone)
    return instant, instant + timedelta(milliseconds=1)


def _number_of(groups: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(groups.order_by(None).subquery())


def _usernames(session: Session, rows: Sequence[Row[Any]]) -> dict[int, str]:
    wanted = [row.by for row in rows if row.by is not None]
    found = session.execute(select(User.id, User.username).where(User.id.in_(wanted)))
    return {row.id: row.username for row in found}


def _as_entry(row: Row[Any], by: str, names: Mapping[int, str]) -> dict[str, Any]:
    group: int | str | date | dict[str, Any] | None = row.by
    if by == "user":
        group = {"id": row.by, "username": names[row.by]} if row.by in names else None
    return {
        by: group,
        "requests": row.requests,
        "rejected": row.rejected,
        "rejected_share": round(row.rejected / row.requests, 4) if row.requests else 0.0,
        "first_window": row.first_window,
        "last_window": row.last_window,
    }
