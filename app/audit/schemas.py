"""The shapes of the audit log."""

from marshmallow import Schema, fields, validate

from app.core.fields import CommaList, Id, Text, Timestamp, Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.tasks.filters import Person, When
from app.users.schemas import PublicUserSchema

ENTITIES = (
    "task",
    "comment",
    "project",
    "member",
    "board",
    "user",
    "filter",
    "import",
    "notification",
    "preferences",
    "report",
    "delivery",
    "quiet_hours",
    "summary",
    "webhook",
)
ACTIONS = (
    "created",
    "updated",
    "deleted",
    "restored",
    "sla_breached",
    "due_soon",
    "added",
    "removed",
    "registered",
    "password_changed",
    "sessions_ended",
    "requeued",
    "dropped",
    "read",
    "due",
    "test",
    "secret_rotated",
    "disabled",
    "ping",
)
"""What is done to them, as the second half of an event's type; a test holds both complete."""


class LogEntrySchema(Schema):
    """Who did what to what, when and from where."""

    id = fields.Integer()
    event_id = fields.UUID()
    at = Timestamp()
    actor = fields.Nested(
        PublicUserSchema(only=("id", "username")),
        allow_none=True,
        metadata={"description": "Null for what the service did by itself."},
    )
    entity = fields.String(validate=validate.OneOf(ENTITIES))
    entity_id = fields.Integer(metadata={"description": "For a member: the user."})
    action = fields.String(validate=validate.OneOf(ACTIONS))
    project = fields.Integer(
        allow_none=True,
        metadata={
            "description": "The project it is in since. Of a task that left a project, the "
            "project's ADMIN is told just that: the project it left, and no other change."
        },
    )
    task = fields.Integer(allow_none=True)
    changes = fields.Dict(
        metadata={
            "description": "Field → [before, after]; of what came into being or went, every field "
            "that had a value."
        }
    )
    ip = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)


class LogPageSchema(Schema):
    """A page of the log, newest first."""

    count = fields.Integer(metadata={"description": "How many match, counted up to 10,000."})
    count_is_exact = fields.Boolean(metadata={"description": "False where more match."})
    next = fields.Url(allow_none=True)
    previous = fields.Url(allow_none=True, metadata={"description": "Always null."})
    results = fields.List(fields.Nested(LogEntrySchema))


class LogFilterSchema(QuerySchema):
    """Filters of the log; several values of one are combined with OR, all else with AND."""

    entity = CommaList(fields.String(validate=validate.OneOf(ENTITIES)))
    entity_id = CommaList(Id())
    action = CommaList(fields.String(validate=validate.OneOf(ACTIONS)))
    actor = CommaList(Person())
    project = CommaList(Id())
    task = CommaList(Id())
    request_id = Text(min_length=1, max_length=128)
    at_gte = When()
    at_gt = When()
    at_lte = When()
    at_lt = When()


class LogQuerySchema(LogFilterSchema):
    """Filters and the part of the log that is wanted."""

    before = Id(metadata={"description": "The id of the last entry already read."})
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)


class LogExportQuerySchema(LogFilterSchema):
    """Filters and the form of the export."""

    format = fields.String(load_default="csv", validate=validate.OneOf(["csv", "ndjson"]))
