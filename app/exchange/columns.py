"""THE table of columns of a CSV file of tasks, for import and export alike."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import SQLColumnExpression
from sqlalchemy.orm import aliased

from app.boards.lifecycle import Status
from app.core import clock
from app.core.errors import Invalid
from app.tasks.due import due_instant
from app.tasks.models import Task
from app.users.models import User

Assignee, Reporter = aliased(User), aliased(User)


def _text(value: str) -> str:
    return value


def _upper(value: str) -> str:
    return value.strip().upper()


def _status(value: str) -> str:
    word = _upper(value).replace(" ", "_").replace("-", "_")
    return STATUS_WORDS.get(word, word)


STATUS_WORDS = {"PENDING": Status.TODO.value, "COMPLETED": Status.DONE.value}
"""Words of other services for a status."""


@dataclass(frozen=True)
class Column:
    """One column: its name, what it shows, and how a cell of it is read.

    `read` turns the text of a cell into what the API takes in JSON; None marks a column that is
    only exported, and ignored by an import.
    """

    name: str
    shows: SQLColumnExpression[Any]
    read: Callable[[str], Any] | None = None
    aliases: Sequence[str] = ()


COLUMNS = (
    Column("id", Task.id),
    Column("title", Task.title, _text, ("task_name",)),
    Column("description", Task.description, _text, ("task_description",)),
    Column("status", Task.status, _status, ("task_status",)),
    Column("priority", Task.priority, _upper),
    Column("assignee", Assignee.username, str.strip, ("assigned_to", "assigned_user")),
    Column("reporter", Reporter.username, None, ("created_by", "assigned_by")),
    Column("project", Task.project_id),
    Column("board", Task.board_id, str.strip),
    Column("due_date", Task.due_at, str.strip),
    Column("estimated_hours", Task.estimated_hours, str.strip),
    Column("created_at", Task.created_at, str.strip),
    Column("updated_at", Task.updated_at),
    Column("completed_at", Task.completed_at),
    Column("sla_breached", Task.sla_breached),
)
NAMES = tuple(column.name for column in COLUMNS)
MAX_COLUMNS = 100
BY_NAME = {name: column for column in COLUMNS for name in (column.name, *column.aliases)}


def known(header: str) -> Column | None:
    """The column that a cell of the first row names, in any case."""
    return BY_NAME.get(header.strip().lower().replace(" ", "_"))


def read_header(cells: Sequence[str]) -> Sequence[Column]:
    """The columns that the first row names. Raises Invalid, naming each that there is not."""
    if len(cells) > MAX_COLUMNS:
        # Naming them all would take long, and make an answer larger than the file.
        message = f"has {len(cells):,} columns; more than {MAX_COLUMNS} are not looked at"
        raise Invalid("The file cannot be imported.", errors={"file": [message]})
    columns = [known(cell) for cell in cells]
    wrong = [_unknown(cell) for cell, column in zip(cells, columns, strict=True) if not column]
    found = [column for column in columns if column]
    twice = [column.name for column in COLUMNS if found.count(column) > 1]
    wrong += [f"the column {name} is there more than once" for name in twice]
    if BY_NAME["title"] not in found:
        wrong.append("the column title is missing")
    if wrong:
        raise Invalid("The file cannot be imported.", errors={"file": wrong})
    return found


def _unknown(cell: str) -> str:
    near = difflib.get_close_matches(cell.strip().lower(), BY_NAME, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(NAMES)}"
    return f"there is no column {cell.strip()[:50]!r}{hint}"


def show_due(due_at: datetime, zone: ZoneInfo, *, is_day: bool) -> str:
    """A day where `zone` reads it back as that instant, else the instant."""
    day = due_day(due_at, zone) if is_day else None
    return day.isoformat() if day else clock.iso(due_at)


def due_day(due_at: datetime, zone: ZoneInfo) -> date | None:
    """The day in `zone` that stands for that instant, if there is one."""
    day = due_at.astimezone(zone).date()
    return day if due_instant(day, zone) == due_at else None
