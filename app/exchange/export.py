"""Tasks as a CSV file that can be imported again, made line by line."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import select

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
    found = Listing(query, actor).everything(
        select(*(column.shows for column in COLUMNS), Task.due_date_only)
        .outerjoin(Assignee, Assignee.id == Task.assignee_id)
        .join(Reporter, Reporter.id == Task.reporter_id)
    )
    return _lines(stream_rows(found), actor)


def export_faults(faults: Iterable[ImportFault]) -> Iterator[str]:
    """What is wrong with the rows of an import, as CSV."""
    yield csv.line(FAULT_COLUMNS)
    for fault in faults:
        yield csv.line(csv.inert(getattr(fault, name)) for name in FAULT_COLUMNS)


def _lines(rows: Iterator[Any], actor: Actor) -> Iterator[str]:
    yield csv.line(NAMES)
    zone = actor.zone
    for *values, is_day in rows:
        if values[_DUE] is not None:
            values[_DUE] = show_due(values[_DUE], zone, is_day=is_day)
        yield csv.line(csv.inert(_shown(value)) for value in values)


def _shown(value: Any) -> Any:
    """A value as the API prints it; what is empty is an empty cell."""
    if isinstance(value, datetime):
        return clock.iso(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.value if isinstance(value, Enum) else value
