"""The shapes of imports."""

from typing import Any

from flask import url_for
from flask_smorest.fields import Upload
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from app.core.fields import Id, Timestamp
from app.core.query import NumberedPageSchema
from app.exchange.models import Mode, State
from app.tasks.query_schema import FilterSchema


class ImportSchema(Schema):
    """An import."""

    id = fields.Integer()
    user = fields.Integer(attribute="user_id")
    state = fields.String(validate=validate.OneOf([state.value for state in State]))
    mode = fields.String(validate=validate.OneOf([mode.value for mode in Mode]))
    file_name = fields.String()
    board = fields.Integer(
        attribute="board_id",
        allow_none=True,
        metadata={"description": "Of rows that name none."},
    )
    rows = fields.Integer(metadata={"description": "Without the header and empty ones."})
    checked = fields.Integer()
    imported = fields.Integer()
    failed = fields.Integer(metadata={"description": "Rows with at least one error."})
    reason = fields.String(
        allow_none=True, metadata={"description": "Why nothing more was imported."}
    )
    created_at = Timestamp()
    finished_at = Timestamp(allow_none=True)
    links = fields.Function(
        lambda found: {
            "self": url_for("import.show_import", import_id=found.id),
            "errors": url_for("import.list_errors", import_id=found.id),
            "errors_csv": url_for("import.export_errors", import_id=found.id),
        },
        metadata={"type": "object", "additionalProperties": {"type": "string"}},
    )


def _check_file(value: Any) -> None:
    """The fields of a form that are no files come in the same place."""
    if not isinstance(value, FileStorage):
        raise ValidationError("must be a file: a part of the form with a file name")


class ImportInputSchema(Schema):
    """A file, and what is to be done with it."""

    file = Upload(
        required=True,
        validate=_check_file,
        metadata={"description": "CSV in UTF-8; `,`, `;` or tab between the cells."},
    )
    mode = fields.Enum(
        Mode,
        by_value=True,
        load_default=Mode.CHECK,
        metadata={"description": "Only check; import all rows or none; import the valid ones."},
    )
    board = Id(load_default=None, metadata={"description": "For rows that name none."})


class ImportStartSchema(Schema):
    """What is to be imported of a checked file."""

    mode = fields.Enum(
        Mode,
        by_value=True,
        required=True,
        validate=validate.OneOf([Mode.ALL, Mode.VALID], error="must be all or valid"),
    )


class ImportQuerySchema(NumberedPageSchema):
    """Which page of the imports."""


class FaultSchema(Schema):
    """What is wrong with one row."""

    row = fields.Integer(metadata={"description": "As a spreadsheet numbers it; 1 is the header."})
    column = fields.String(
        allow_none=True, metadata={"description": "As the file calls it; null for the whole row."}
    )
    message = fields.String()
    value = fields.String(allow_none=True, metadata={"description": "The cell, shortened."})


class ExportQuerySchema(FilterSchema):
    """Which tasks, in which order: the parameters of the list, without those of its pages."""

    filter = Id(metadata={"description": "A saved filter; other parameters count before its own."})
