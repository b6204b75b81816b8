"""Reports that are rows: the columns of the CSV export as CSV, JSON or a workbook.

Each writer takes rows one by one and keeps none of them.
"""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from app.core.errors import Invalid
from app.exchange.columns import NAMES, due_day
from app.exchange.export import as_printed, csv_lines
from app.reports.models import Format

MAX_SHEET_ROWS = 1_048_576
"""Of a worksheet, by the specification of the format; the header is one of them."""
MAX_CELL = 32_767
"""Characters of a cell; Excel refuses a file that holds a longer one."""
FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets do not agree on the days before."""

_DUE = NAMES.index("due_date")
_WIDTHS = {"title": 50, "description": 60, "due_date": 18} | dict.fromkeys(
    ("created_at", "updated_at", "completed_at"), 18
)

Writer = Callable[[Path, Iterable[Any], ZoneInfo], None]


class TooManyRows(Invalid):
    """A worksheet cannot hold them."""


def check_room(report_format: str, total: int) -> None:
    """Raise TooManyRows where the format has no room for `total` rows."""
    if report_format == Format.XLSX and total >= MAX_SHEET_ROWS:
        raise TooManyRows(
            f"A worksheet has room for {MAX_SHEET_ROWS - 1:,} tasks, and there are {total:,}; "
            "narrow the query, or ask for csv."
        )


def write_csv(path: Path, rows: Iterable[Any], zone: ZoneInfo) -> None:
    """As the export; it can be imported again."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(rows, zone))


def write_json(path: Path, rows: Iterable[Any], zone: ZoneInfo) -> None:
    """One array of objects, one object in a line."""
    with path.open("w", encoding="utf-8") as file:
        before = "[\n"
        for row in rows:
            task = dict(zip(NAMES, as_printed(row, zone), strict=True))
            file.write(before + json.dumps(task, ensure_ascii=False))
            before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")


def write_xlsx(path: Path, rows: Iterable[Any], zone: ZoneInfo) -> None:
    """One worksheet; texts are never formulas or links, moments are those of `zone`."""
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(path, options) as book:
        moment, day = (book.add_format({"num_format": f"yyyy-mm-dd{t}"}) for t in (" hh:mm", ""))
        sheet = book.add_worksheet("Tasks")
        _write_header(sheet, book.add_format({"bold": True, "bottom": 1}))
        book.set_properties({"comments": f"Times are those of {zone.key}."})
        last = 0
        for last, row in enumerate(rows, 1):
            check_room(Format.XLSX, last)
            for column, value in enumerate(_cells(row, zone)):
                _write(sheet, (last, column), value, moment if _is_moment(value) else day)
        sheet.autofilter(0, 0, last, len(NAMES) - 1)


def _write_header(sheet: Worksheet, bold: CellFormat) -> None:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(NAMES):
        sheet.set_column(column, column, _WIDTHS.get(name, 12))
        sheet.write_string(0, column, name, bold)


def _cells(row: Any, zone: ZoneInfo) -> list[Any]:
    *values, is_day = row
    if is_day and values[_DUE] is not None:
        values[_DUE] = due_day(values[_DUE], zone) or values[_DUE]
    return [
        value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) else value
        for value in values
    ]


def _write(sheet: Worksheet, place: tuple[int, int], value: Any, dates: CellFormat) -> None:
    """A cell of the kind of its value; xlsxwriter's own `write` would guess from the text."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float):
        sheet.write_number(*place, value)
    elif isinstance(value, date) and _day_of(value) >= FIRST_DAY:
        sheet.write_datetime(*place, value, dates)
    else:
        sheet.write_string(*place, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    text = str(value.value) if isinstance(value, Enum) else str(value)
    # Excel counts UTF-16 units, of which an emoji has two.
    if len(text) <= MAX_CELL // 2:
        return text
    units = text.encode("utf-16-le")[: 2 * MAX_CELL]
    return units.decode("utf-16-le", errors="ignore")


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime)


def _day_of(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


WRITERS: dict[str, Writer] = {
    Format.CSV: write_csv,
    Format.JSON: write_json,
    Format.XLSX: write_xlsx,
}
