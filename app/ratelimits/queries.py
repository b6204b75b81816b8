"""Reading the records."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from app.core.pagination import numbered
from app.ratelimits.models import RateLimitRecord
from app.tasks import filters
from app.users.actor import Actor
from app.users.models import User


def read_records(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[dict[str, Any]]]:
    """Count and page of the records that match `query` (a RateLimitQuerySchema)."""
    wanted = _conditions(query, actor)
    count = session.scalar(select(func.count()).select_from(RateLimitRecord).where(*wanted)) or 0
    records = (
        select(RateLimitRecord, User.id, User.username)
        .outerjoin(User, User.id == RateLimitRecord.user_id)
        .where(*wanted)
        .order_by(*_order(query["ordering"]))
    )
    rows = session.execute(numbered(records, query))
    return count, [_as_entry(row) for row in rows]


def _conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    columns = {"user": RateLimitRecord.user_id, "endpoint": RateLimitRecord.endpoint}
    found: list[ColumnElement[bool]] = [
        columns[name] == query[name] for name in columns if name in query
    ]
    names = {"from": "window_start_gte", "to": "window_start_lte"}
    limits = {names[name]: query[name] for name in names if name in query}
    return found + filters.bounds("window_start", RateLimitRecord.window_start, limits, actor)


def _order(ordering: str) -> list[ColumnElement[Any]]:
    names = dict.fromkeys((ordering.removeprefix("-"), "window_start", "id"))
    columns = [getattr(RateLimitRecord, name) for name in names]
    if ordering == "window_start":
        return columns
    first, *rest = columns
    newest = [column.desc() for column in rest]
    return [first.desc() if ordering.startswith("-") else first.asc(), *newest]


def _as_entry(row: Row[RateLimitRecord, int, str]) -> dict[str, Any]:
    record, user_id, username = row
    user = {"id": user_id, "username": username} if username else None
    return {
        "id": record.id,
        "user": user,
        "address": record.address,
        "endpoint": record.endpoint,
        "window_start": record.window_start,
        "requests": record.requests,
        "rejected": record.rejected,
    }
