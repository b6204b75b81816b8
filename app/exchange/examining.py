"""What is wrong with the rows of a file, exactly as if each were sent as a new task."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import FieldErrors, ServiceError
from app.core.fields import MAX_ID
from app.core.json import refused_text
from app.exchange.reading import Row, TaskFile, shortened
from app.tasks.intake import Intake
from app.tasks.schemas import TaskCreateSchema
from app.users.actor import Actor
from app.users.models import User
from app.users.schemas import ME

CHUNK = 500
"""So many rows are taken at a time."""

_schema = TaskCreateSchema()


class Examined(NamedTuple):
    """Some rows: the values of the good ones, the faults of the others, the last record."""

    good: Sequence[Mapping[str, Any]]
    faults: Sequence[Mapping[str, Any]]
    last: int

    @property
    def failed(self) -> int:
        """The number of rows that are not good."""
        return len({fault["row"] for fault in self.faults})

    @property
    def total(self) -> int:
        """The number of rows."""
        return len(self.good) + self.failed


class Examiner:
    """Examines rows for `actor`; those that name no board are meant for `board_id`."""

    def __init__(self, session: Session, actor: Actor, board_id: int | None) -> None:
        self._session, self._actor, self._board_id = session, actor, board_id

    def boards(self, cells: Iterable[str]) -> set[int]:
        """The ids of the boards that cells name, and of the one for rows that name none."""
        texts = {cell.strip() for cell in cells}
        ids = {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 20}
        default = set() if self._board_id is None else {self._board_id}
        return {number for number in ids if number <= MAX_ID} | default

    def examine(self, rows: Sequence[Row], intake: Intake) -> Examined:
        """Sort rows into good and bad."""
        named = {row.data["assignee"] for row in rows if "assignee" in row.data}
        ids = self._look_up({name for name in named if name != ME and not refused_text(name)})
        read = [(row, *self._read(row, ids)) for row in rows]
        people = {values.get("assignee") for _, values, _ in read}
        intake.meet({person for person in people if isinstance(person, int)})
        good, faults = [], []
        for row, values, errors in read:
            wrong = errors or _refusal(intake, values)
            if wrong:
                faults += list(_faults(row, wrong))
            else:
                good.append(values)
        return Examined(good, faults, rows[-1].number)

    def _look_up(self, names: Collection[str]) -> dict[str, int]:
        """A name in the file is a username before it is anything else, but for `me`."""
        username = func.lower(User.username)
        found = select(username, User.id).where(username.in_({name.lower() for name in names}))
        # Asked for every chunk, even for nobody: a connection that is idle for long is cut.
        return dict(iter(self._session.execute(found)))

    def _read(self, row: Row, ids: Mapping[str, int]) -> tuple[dict[str, Any], FieldErrors]:
        data = {"board": self._board_id, **row.data}
        name = str(data.get("assignee", ""))
        user_id = None if name == ME else ids.get(name.lower())
        if user_id is not None:
            data["assignee"] = user_id
        surplus = {"": ["has more cells than the header"]} if row.surplus else {}
        try:
            values: dict[str, Any] = _schema.load(data)
        except ValidationError as error:
            return {}, {**surplus, **error.messages_dict}
        if values["assignee"] == ME:
            values["assignee"] = self._actor.id
        return values, surplus


def chunks(file: TaskFile, start: int = 2) -> Iterator[Sequence[Row]]:
    """The rows from the record `start` on, CHUNK at a time."""
    rows = file.rows(start)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _refusal(intake: Intake, values: Mapping[str, Any]) -> FieldErrors:
    try:
        intake.check(values)
    except ServiceError as error:
        return error.errors or {"": [error.detail]}
    return {}


def _faults(row: Row, errors: FieldErrors) -> Iterator[dict[str, Any]]:
    for column, messages in errors.items():
        for message in messages:
            yield {
                "row": row.number,
                "column": row.headings.get(column, column) or None,
                "message": str(message),
                "value": shortened(row.cells.get(column, row.surplus or None)),
            }
