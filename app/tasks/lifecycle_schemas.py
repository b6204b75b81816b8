"""The shapes of what is done to tasks on boards: transitions, moves, many at once, the page."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from app.boards.lifecycle import Status
from app.core.fields import Id
from app.core.query import QuerySchema
from app.tasks.schemas import Assignee, TaskPatchSchema, TaskSchema, take_alias

MAX_BULK = 200


class TransitionSchema(Schema):
    """One state that the task could go into."""

    status = fields.Enum(Status)
    allowed = fields.Boolean(metadata={"description": "Whether the caller may do it now."})
    reason = fields.String(allow_none=True, metadata={"description": "Why it is not allowed."})
    can_override = fields.Boolean(
        metadata={"description": "Only a WIP limit stands against it, which the caller may exceed."}
    )


class TransitionsSchema(Schema):
    """Where a task stands and where it can go."""

    status = fields.Enum(Status)
    transitions = fields.List(fields.Nested(TransitionSchema))


class MoveSchema(Schema):
    """Where the task goes; what is left out stays.

    `after` is the card right below which it goes, `before` the one right above which; with both,
    `after` counts. Without them it goes to the end of another column and stays in its own.
    """

    status = fields.Enum(Status)
    board = Id()
    after = Id(allow_none=True)
    before = Id(allow_none=True)
    override_wip_limit = fields.Boolean(load_only=True)

    @validates_schema
    def _says_something(self, data: dict[str, Any], **_: Any) -> None:
        if not data.keys() & {"status", "board", "after", "before"}:
            raise ValidationError("name a status, a board, after or before", "status")


class AssignSchema(Schema):
    """Who has the task from now on; null for nobody."""

    assignee = Assignee(
        required=True,
        allow_none=True,
        metadata={"description": "An id, a username or `me`. Also accepted as `assigned_to`."},
    )

    @pre_load
    def _aliases(self, data: Any, **_: Any) -> Any:
        return take_alias(data, "assigned_to", "assignee")


class BulkSchema(Schema):
    """The same changes to several tasks, all or nothing."""

    tasks = fields.List(
        Id(),
        required=True,
        validate=validate.Length(1, MAX_BULK, error=f"takes 1 to {MAX_BULK} ids"),
    )
    changes = fields.Nested(TaskPatchSchema, required=True)
    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "Check everything and tell what would change; change nothing."},
    )

    @validates_schema
    def _is_of_use(self, data: dict[str, Any], **_: Any) -> None:
        if len(set(data["tasks"])) != len(data["tasks"]):
            raise ValidationError("names a task twice", "tasks")
        if not data["changes"].keys() - {"override_wip_limit"}:
            raise ValidationError("names no field to change", "changes")


class BulkChangeSchema(Schema):
    """What changed of one task; empty where it was like that before."""

    task = fields.Integer()
    version = fields.Integer()
    changes = fields.Dict(metadata={"description": "Field → [before, after]."})


class BulkResultSchema(Schema):
    """What a bulk change did, or would do."""

    dry_run = fields.Boolean()
    changed = fields.Integer(metadata={"description": "How many tasks differ."})
    results = fields.List(fields.Nested(BulkChangeSchema))


class ColumnViewSchema(Schema):
    """A column with its first cards."""

    id = fields.Integer()
    name = fields.String()
    status = fields.Enum(Status)
    position = fields.Integer()
    wip_limit = fields.Integer(allow_none=True)
    count = fields.Integer(metadata={"description": "All tasks of the column."})
    next = fields.Url(allow_none=True, metadata={"description": "The rest of the column."})
    tasks = fields.List(fields.Nested(TaskSchema))


class BoardViewSchema(Schema):
    """A board, ready to draw."""

    id = fields.Integer()
    project = fields.Integer()
    name = fields.String()
    position = fields.Integer()
    role = fields.String(allow_none=True, metadata={"description": "The caller's in the project."})
    is_archived = fields.Boolean(metadata={"description": "Of the project: nothing can change."})
    columns = fields.List(fields.Nested(ColumnViewSchema))


class BoardViewQuerySchema(QuerySchema):
    """How much of each column."""

    cards = fields.Integer(
        load_default=50,
        validate=validate.Range(1, 100),
        metadata={"description": "At most so many of each column."},
    )
