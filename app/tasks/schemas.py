"""The shapes of tasks in and out of the canonical API."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from app.boards.lifecycle import Status
from app.config import current_settings
from app.core import clock
from app.core.fields import Id, Text, Timestamp, Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.tasks.due import day_bounds, parse_day
from app.tasks.models import PRIORITY_ALIASES, Priority
from app.users.schemas import USERNAME

FIRST_YEAR, LAST_YEAR = 1900, 2999


class PriorityField(fields.Enum[Priority]):
    """A priority by its name or one of its aliases (URGENT, CRIT, MED)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Priority, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Priority:
        if isinstance(value, str) and value in PRIORITY_ALIASES:
            return PRIORITY_ALIASES[value]
        found: Priority = super()._deserialize(value, attr, data, **kwargs)
        return found


class Due(fields.Field[date | datetime]):
    """A date (`2026-03-31`, the end of that day for the caller) or an instant with its offset.

    Loads as `date` or aware `datetime`.
    """

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "example": "2027-03-31"} | kwargs.pop("metadata", {})
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return Timestamp()._serialize(value, attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("must be a date such as 2026-03-31 or an instant")
        try:
            found = parse_day(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise ValidationError(
                "must be a date such as 2026-03-31 or an instant such as 2026-03-31T17:00:00Z"
            ) from None
        if isinstance(found, datetime) and found.tzinfo is None:
            raise ValidationError("must end in Z or an offset such as +02:00")
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValidationError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
        return found


def take_alias(data: Any, alias: str, name: str) -> Any:
    """`data` with `alias` renamed to `name`; both given and different is an error."""
    if not isinstance(data, dict) or alias not in data:
        return data
    renamed = {key: value for key, value in data.items() if key != alias}
    if renamed.setdefault(name, data[alias]) != data[alias]:
        raise ValidationError(f"differs from {name}; send only one of them", alias)
    return renamed


class TaskOfDaySchema(Schema):
    """A task without its comments: the list of a day is cached, and no comment has to drop it."""

    id = fields.Integer()
    title = fields.String()
    description = fields.String()
    status = fields.Enum(Status)
    priority = fields.Enum(Priority)
    project = fields.Integer(
        attribute="project_id",
        allow_none=True,
        metadata={"description": "That of the board; null outside any project."},
    )
    board = fields.Integer(attribute="board_id", allow_none=True)
    position = fields.String(
        allow_none=True,
        metadata={"description": "Sorts, byte by byte, the tasks of one board and status."},
    )
    assignee = fields.Integer(attribute="assignee_id", allow_none=True)
    reporter = fields.Integer(attribute="reporter_id")
    due_date = Timestamp(attribute="due_at", allow_none=True)
    due_date_only = fields.Boolean(
        metadata={"description": "Only a date was given; the instant is the end of that day."}
    )
    estimated_hours = fields.Float(allow_none=True)
    sla_breached = fields.Boolean()
    version = fields.Integer(metadata={"description": "Rises with every change; is the ETag."})
    created_at = Timestamp()
    updated_at = Timestamp()
    completed_at = Timestamp(allow_none=True)
    deleted_at = Timestamp(allow_none=True)


class TaskSchema(TaskOfDaySchema):
    """A task."""

    comments_count = fields.Integer(metadata={"description": "Without the deleted ones."})
    comments_version = fields.Integer(
        metadata={
            "description": "Rises with every comment that comes or goes: of two counts the one "
            "with the higher number is the newer."
        }
    )


class ListedTaskSchema(TaskSchema):
    """A task in a list."""

    snippet = fields.String(
        metadata={
            "description": "With search only: the matching part as HTML, hits in `<mark>`, "
            "everything else escaped."
        }
    )


class Assignee(fields.Field[int | str]):
    """Somebody: an id, a username, or `me`. Loads as `int`, or as `str` for the last two."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": ["integer", "string"]} | kwargs.pop("metadata", {})
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and USERNAME.fullmatch(value) and not value.isdigit():
            return value
        try:
            return Id().deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise ValidationError("must be the id or the username of a user, or me") from None


class CreationDate(Due):
    """When a task came into being: a date of the past, or an instant of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)
        zone = ZoneInfo(current_settings().SERVICE_TIMEZONE)
        created = found if isinstance(found, datetime) else day_bounds(found, zone)[0]
        if created > clock.now():
            raise ValidationError("must not lie in the future")
        return clock.truncate(created.astimezone(UTC))


class TaskPatchSchema(Schema):
    """What may be changed of a task; what is left out stays, null empties."""

    title = Text(min_length=1, max_length=500)
    description = Text(max_length=20_000, multiline=True)
    status = fields.Enum(Status)
    priority = PriorityField()
    board = Id(
        allow_none=True,
        metadata={"description": "Takes the task into the board's project; null out of any."},
    )
    assignee = Assignee(
        allow_none=True,
        metadata={"description": "An id, a username or `me`. Also accepted as `assigned_to`."},
    )
    due_date = Due(allow_none=True)
    estimated_hours = fields.Float(
        allow_none=True, allow_nan=False, validate=validate.Range(0, 100_000)
    )

    override_wip_limit = fields.Boolean(
        load_only=True,
        metadata={"description": "Enter a column that is full; takes MANAGER of the project."},
    )

    @pre_load
    def _aliases(self, data: Any, **_: Any) -> Any:
        return take_alias(data, "assigned_to", "assignee")


class TaskInputSchema(TaskPatchSchema):
    """A whole task; what is left out takes its default."""

    title = Text(required=True, min_length=1, max_length=500)
    description = Text(max_length=20_000, multiline=True, load_default="")
    status = fields.Enum(Status, load_default=Status.BACKLOG)
    priority = PriorityField(load_default=Priority.MEDIUM)
    assignee = Assignee(allow_none=True, load_default=None)
    due_date = Due(allow_none=True, load_default=None)
    estimated_hours = fields.Float(
        allow_none=True, allow_nan=False, validate=validate.Range(0, 100_000), load_default=None
    )


class TaskCreateSchema(TaskInputSchema):
    """A new task."""

    created_at = CreationDate(
        metadata={
            "description": "For tasks that are older than their entry here: an instant of the "
            "past, or a date (its beginning in the time zone of the service)."
        }
    )


class HistoryQuerySchema(QuerySchema):
    """Which part of a task's history."""

    before = Id(metadata={"description": "The id of the last entry already read."})
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)


class TaskEventSchema(Schema):
    """One change of a task, as the event log holds it."""

    id = fields.Integer()
    event_id = fields.UUID()
    type = fields.String()
    at = Timestamp()
    actor = fields.Integer(attribute="actor_id", allow_none=True)
    version = fields.Integer(attribute="task_version")
    changes = fields.Dict(
        metadata={"description": "Field → [before, after]; empty for a new task."}
    )


class HistorySchema(Schema):
    """A part of a task's history, newest first."""

    next = fields.Url(allow_none=True)
    results = fields.List(fields.Nested(TaskEventSchema))


class DaySchema(Schema):
    """The tasks that were created on one day."""

    count = fields.Integer()
    results = fields.List(fields.Nested(TaskOfDaySchema))
