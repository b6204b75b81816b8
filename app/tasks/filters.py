"""THE table of filters: by which columns the list of tasks can be narrowed, and how.

Each column gives the parameters `name` and `name_not` (several values, `null` where it may be
empty), and where it has an order `name_gte`, `_gt`, `_lte` and `_lt`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields, validate
from sqlalchemy import ColumnElement, and_, false, func, not_, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.boards.lifecycle import OPEN, Status
from app.core import clock
from app.core.errors import Invalid
from app.core.fields import CommaList, Id
from app.tasks.due import day_bounds, due_instant, is_bare_date
from app.tasks.models import Task
from app.tasks.relative import DESCRIPTION, Relative, parse_relative
from app.tasks.schemas import FIRST_YEAR, LAST_YEAR, Due, PriorityField
from app.users.actor import Actor

Span = tuple[Any, Any]
"""From the first value that is meant to the first that is not."""

ME = "me"


class Person(fields.Field[Any]):
    """A user's id, or `me`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return ME if value == ME else Id().deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise ValidationError("must be the id of a user, or me") from None


class When(Due):
    """A date, an instant or a distance from now. Loads as `date`, `datetime` or `Relative`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and (relative := parse_relative(value)) is not None:
            return relative
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise ValidationError(f"must be {DESCRIPTION}") from None


def _hours() -> fields.Field[Any]:
    return fields.Float(allow_nan=False, validate=validate.Range(0, 100_000))


@dataclass(frozen=True)
class Filter:
    """One column: how a value of it is read, whether it may be empty, whether it has an order."""

    column: InstrumentedAttribute[Any]
    field: Callable[[], fields.Field[Any]]
    nullable: bool = False
    ordered: bool = False


FILTERS: dict[str, Filter] = {
    "id": Filter(Task.id, Id, ordered=True),
    "status": Filter(Task.status, lambda: fields.Enum(Status)),
    "priority": Filter(Task.priority, PriorityField),
    "assignee": Filter(Task.assignee_id, Person, nullable=True),
    "reporter": Filter(Task.reporter_id, Person),
    "project": Filter(Task.project_id, Id, nullable=True),
    "board": Filter(Task.board_id, Id, nullable=True),
    "due_date": Filter(Task.due_at, When, nullable=True, ordered=True),
    "created_at": Filter(Task.created_at, When, ordered=True),
    "updated_at": Filter(Task.updated_at, When, ordered=True),
    "completed_at": Filter(Task.completed_at, When, nullable=True, ordered=True),
    "estimated_hours": Filter(Task.estimated_hours, _hours, nullable=True, ordered=True),
}

_RANGES: dict[str, Callable[[Any, Span], ColumnElement[bool]]] = {
    "gte": lambda column, span: column >= span[0],
    "gt": lambda column, span: column > span[0] if span[1] is None else column >= span[1],
    "lte": lambda column, span: column <= span[0] if span[1] is None else column < span[1],
    "lt": lambda column, span: column < span[0],
}


class OrNull(fields.Field[Any]):
    """What `inner` reads, or `null`. Loads the latter as None."""

    def __init__(self, inner: fields.Field[Any], **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)
        self.inner = inner

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return None if value == "null" else self.inner.deserialize(value, attr, data, **kwargs)


def parameters() -> dict[str, fields.Field[Any]]:
    """The schema's fields for every parameter that the table gives."""
    found: dict[str, fields.Field[Any]] = {}
    for name, each in FILTERS.items():
        found[name], found[f"{name}_not"] = _values(each), _values(each)
        if each.ordered:
            found |= {f"{name}_{suffix}": each.field() for suffix in _RANGES}
    return found


def conditions(query: Mapping[str, Any], actor: Actor) -> list[ColumnElement[bool]]:
    """What a TaskQuerySchema asks of the rows; bare dates are days in the zone of `actor`.

    Raises Invalid for a distance beyond the calendar.
    """
    found: list[ColumnElement[bool]] = [Task.deleted_at.is_(None)]
    for name, each in FILTERS.items():
        if name in query:
            found.append(_is_one_of(name, each, query[name], actor))
        if (excluded := f"{name}_not") in query:
            # An empty column is none of the values: a plain NOT would lose those rows.
            matches = _is_one_of(excluded, each, query[excluded], actor)
            found.append(not_(func.coalesce(matches, false())))
        found += bounds(name, each.column, query, actor)
    if "involves" in query:
        person = _span("involves", query["involves"], actor)[0]
        found.append(or_(Task.reporter_id == person, Task.assignee_id == person))
    return found + list(_flags(query))


def bounds(
    name: str, column: InstrumentedAttribute[Any], query: Mapping[str, Any], actor: Actor
) -> list[ColumnElement[bool]]:
    """What `name_gte`, `_gt`, `_lte` and `_lt` of `query` ask of `column`. Raises Invalid."""
    return [
        compare(column, _span(f"{name}_{suffix}", query[f"{name}_{suffix}"], actor))
        for suffix, compare in _RANGES.items()
        if f"{name}_{suffix}" in query
    ]


def is_overdue() -> ColumnElement[bool]:
    """Open and past the due instant."""
    return and_(Task.status.in_(OPEN), Task.due_at < clock.now())


def is_for_caller(query: Mapping[str, Any], actor: Actor) -> bool:
    """Whether `query` asks for the caller's own assignments alone."""
    return query.get("assignee") in ([ME], [actor.id])


def involves_caller(query: Mapping[str, Any], actor: Actor) -> bool:
    """Whether `query` asks for what the caller reported or is assigned to, alone."""
    return query.get("involves") in (ME, actor.id)


def _values(each: Filter) -> CommaList:
    return CommaList(OrNull(each.field()) if each.nullable else each.field())


def _flags(query: Mapping[str, Any]) -> Iterable[ColumnElement[bool]]:
    if "sla_breached" in query:
        yield Task.sla_breached == query["sla_breached"]
    if "overdue" in query:
        yield is_overdue() if query["overdue"] else not_(func.coalesce(is_overdue(), false()))


def _is_one_of(
    parameter: str, each: Filter, values: Iterable[Any], actor: Actor
) -> ColumnElement[bool]:
    spans = [_span(parameter, value, actor) for value in values if value is not None]
    points = [start for start, end in spans if end is None]
    parts: list[ColumnElement[bool]] = [each.column.in_(points)] if points else []
    parts += [and_(each.column >= start, each.column < end) for start, end in spans if end]
    if None in values:
        parts.append(each.column.is_(None))
    return or_(*parts)


def _span(parameter: str, value: Any, actor: Actor) -> Span:
    """The span that a value stands for; one that stands for itself alone has no end."""
    if value == ME:
        return actor.id, None
    if isinstance(value, Relative):
        value = _resolved(parameter, value, actor)
    if not isinstance(value, date):
        return value, None
    if is_bare_date(value):
        return day_bounds(value, actor.zone)
    instant = due_instant(value, actor.zone)
    return instant, instant + timedelta(milliseconds=1)


def _resolved(parameter: str, value: Relative, actor: Actor) -> date | datetime:
    try:
        found = value.resolve(actor.zone)
    except OverflowError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        message = f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
        raise Invalid.field(parameter, message)
    return found
