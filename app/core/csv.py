"""CSV as spreadsheets write and read it: UTF-8, CRLF, and no cell that is taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

MEDIA_TYPE = "text/csv"

# An apostrophe that stands before such a cell already gets another, so that one can be taken off.
_LOOKS_LIKE_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def line(cells: Iterable[Any]) -> str:
    """One record, with its line break."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def inert(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    is_formula = isinstance(value, str) and _LOOKS_LIKE_FORMULA.match(value)
    return f"'{value}" if is_formula else value


def plain(cell: str) -> str:
    """The text that `inert` made a cell of."""
    return cell[1:] if _ESCAPED.match(cell) else cell
