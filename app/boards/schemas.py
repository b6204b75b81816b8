"""The shapes of boards and columns."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.boards.lifecycle import Status
from app.core.fields import Id, Text, Timestamp
from app.core.query import NumberedPageSchema

MAX_WIP = 10_000
MAX_POSITION = 1000


class ColumnSchema(Schema):
    """A column of a board: the tasks of one status."""

    id = fields.Integer()
    name = fields.String()
    status = fields.Enum(Status)
    position = fields.Integer()
    wip_limit = fields.Integer(allow_none=True)


def _name(**kwargs: Any) -> Text:
    return Text(min_length=1, max_length=100, **kwargs)


def _position() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, MAX_POSITION))


def _wip_limit() -> fields.Integer:
    return fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, MAX_WIP),
        metadata={"description": "At most so many tasks may be in the column; null for no limit."},
    )


class ColumnPatchSchema(Schema):
    """What may be changed of a column; what is left out stays."""

    name = _name()
    status = fields.Enum(Status)
    position = _position()
    wip_limit = _wip_limit()


class FirstColumnSchema(Schema):
    """A column of a new board, where the list says the order."""

    name = _name(required=True)
    status = fields.Enum(Status, required=True)
    wip_limit = _wip_limit()


class ColumnInputSchema(FirstColumnSchema):
    """A new column; without a position it becomes the last."""

    position = _position()


class BoardSchema(Schema):
    """A board."""

    id = fields.Integer()
    project = fields.Integer(attribute="project_id")
    name = fields.String()
    position = fields.Integer(metadata={"description": "Among the boards of the project, from 1."})
    created_at = Timestamp()
    updated_at = Timestamp()


class BoardWithColumnsSchema(BoardSchema):
    """A board with its columns."""

    columns = fields.List(fields.Nested(ColumnSchema))


class BoardPatchSchema(Schema):
    """What may be changed of a board; the others make room for a new position."""

    name = Text(min_length=1, max_length=200)
    position = _position()


class BoardInputSchema(Schema):
    """A new board, the last of its project; without columns it gets the usual five."""

    project = Id(required=True)
    name = Text(min_length=1, max_length=200, required=True)
    columns = fields.List(
        fields.Nested(FirstColumnSchema),
        validate=validate.Length(1, len(Status)),
    )

    @validates_schema
    def _has_one_column_for_a_status(self, data: dict[str, Any], **_: Any) -> None:
        statuses = [column["status"] for column in data.get("columns", ())]
        if len(set(statuses)) != len(statuses):
            raise ValidationError("has two columns for one status", "columns")


class BoardQuerySchema(NumberedPageSchema):
    """Which boards."""

    project = Id()
