"""Reading a CSV file of tasks: the delimiter, the header, and rows as the API takes them."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.csv import plain
from app.core.errors import Invalid
from app.exchange.columns import BY_NAME, Column, known, read_header

MAX_ROWS = 100_000
MAX_VALUE = 100
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """One row of a file: its number in a spreadsheet, its cells by column, what the API takes.

    `headings` are the columns as the file calls them, `surplus` is what stands beyond the last one.
    """

    number: int
    cells: Mapping[str, str]
    data: dict[str, Any]
    headings: Mapping[str, str]
    surplus: str = ""


class TaskFile:
    """A file of tasks; `content` is UTF-8, with or without a byte order mark.

    Raises Invalid for what is no such file: another encoding, a header that cannot be used.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            first = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig").readline()
        except UnicodeDecodeError:
            raise _invalid("must be UTF-8; in a spreadsheet, save as “CSV UTF-8”") from None
        self._delimiter = max(DELIMITERS, key=lambda each: _score(first, each))
        header = next(self._records(), [])
        while header and not header[-1].strip():
            header.pop()
        if not header:
            raise _invalid("is empty; the first row names the columns")
        self._columns: Sequence[Column] = read_header(header)
        names = [column.name for column in self._columns]
        self._headings = dict(zip(names, map(str.strip, header), strict=True))

    def count(self) -> int:
        """The number of rows. Raises Invalid for none, too many and what cannot be read."""
        number = 0
        for number, _ in enumerate(self._numbered(2), 1):
            if number > MAX_ROWS:
                raise _invalid(f"has more than {MAX_ROWS:,} rows; import it in parts")
        if not number:
            raise _invalid("has no rows besides the header")
        return number

    def rows(self, start: int = 2) -> Iterator[Row]:
        """The rows from the record `start` on; the header is record 1. Empty ones are left out."""
        width = len(self._columns)
        for number, cells in self._numbered(start):
            named = {
                column.name: cell
                for column, cell in zip(self._columns, cells, strict=False)
                if column.read
            }
            surplus = "".join(cells[width:])
            yield Row(number, named, _as_json(named), self._headings, surplus)

    def boards(self) -> set[str]:
        """What stands in the column `board`, as it stands there."""
        names = [column.name for column in self._columns]
        if "board" not in names:
            return set()
        place = names.index("board")
        return {cells[place] for _, cells in self._numbered(2) if len(cells) > place}

    def _numbered(self, start: int) -> Iterator[tuple[int, list[str]]]:
        for number, cells in enumerate(self._records(), 1):
            if number >= start and any(cells):
                yield number, cells

    def _records(self) -> Iterator[list[str]]:
        text = io.TextIOWrapper(io.BytesIO(self._content), "utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        number = 0
        try:
            for record in reader:
                yield record
                number += 1
        except UnicodeDecodeError:
            raise _invalid(f"must be UTF-8, which row {number + 1} is not") from None
        except csv.Error as error:
            raise _invalid(f"cannot be read from row {number + 1} on: {error}") from None


def shortened(value: str | None) -> str | None:
    """A cell, as it is quoted in an error."""
    if value is None:
        return None
    text = value.replace("\x00", "\ufffd")  # The database holds no NUL.
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def _as_json(cells: Mapping[str, str]) -> dict[str, Any]:
    """What the API takes; an empty cell is as good as none."""
    found = {}
    for name, cell in cells.items():
        read = BY_NAME[name].read
        value = read(plain(cell)) if read else ""
        if value != "":
            found[name] = value
    return found


def _score(line: str, delimiter: str) -> int:
    """How many columns the first line names when it is cut at `delimiter`."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return 0
    return sum(1 for cell in cells if known(cell))


def _invalid(message: str) -> Invalid:
    return Invalid(f"The file {message}.", errors={"file": [message]})
