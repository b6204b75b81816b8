"""Tasks as a CSV file that can be imported again, made line by line."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from app.core import clock, csv
from app.core.streams import stream_rows
from app.exchange.columns import COLUMNS, NAMES, Assignee, Reporter, show_due
from app.exchange.models import ImportFault
from app.tasks.listing import Listing
from app.tasks.models import Task
from app.users.actor import Actor

FAULT_COLUMNS = ("row", "column", "message", "value")
_DUE = NAMES.index("due_date")


def export_tasks(query: Mapping[str, Any], actor: Actor) -> Iterator[str]:
    """The tasks that `query` (ExportQuerySchema) finds for `actor`, in its order.

    Raises Invalid for what the list refuses, Unavailable while too many exports are running.
    """
    return csv_lines(stream_rows(found_tasks(query, actor)), actor.zone)


def found_tasks(query: Mapping[str, Any], actor: Actor) -> Select[Any]:
    """The COLUMNS of those tasks, and as the last one whether the due date is a bare day.

    Raises Invalid for what the list refuses.
    """
    return Listing(query, actor).everything(
        select(*(column.shows for column in COLUMNS), Task.due_date_only)
        .outerjoin(Assignee, Assignee.id == Task.assignee_id)
        .join(Reporter, Reporter.id == Task.reporter_id)
    )


def export_faults(faults: Iterable[ImportFault]) -> Iterator[str]:
    """What is wrong with the rows of an import, as CSV."""
    yield csv.line(FAULT_COLUMNS)
    for fault in faults:
        yield csv.line(csv.inert(getattr(fault, name)) for name in FAULT_COLUMNS)


def csv_lines(rows: Iterable[Any], zone: ZoneInfo) -> Iterator[str]:
    """The header, and rows of `found_tasks` in which bare days are those of `zone`."""
    yield csv.line(NAMES)
    for row in rows:
        yield csv.line(csv.inert(_cell(value)) for value in as_printed(row, zone))


def as_printed(row: Any, zone: ZoneInfo) -> list[Any]:
    """The values of a row of `found_tasks` as the API prints them in JSON."""
    *values, is_day = row
    if values[_DUE] is not None:
        values[_DUE] = show_due(values[_DUE], zone, is_day=is_day)
    return [clock.iso(value) if isinstance(value, datetime) else value for value in values]


def _cell(value: Any) -> Any:
    """What is empty is an empty cell."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.value if isinstance(value, Enum) else value
