"""The shapes of reports that are made in the background."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from marshmallow import Schema, ValidationError, fields, validate, validates, validates_schema

from app.core.fields import Text, Timestamp
from app.core.query import NumberedPageSchema
from app.exchange.schemas import ExportQuerySchema
from app.reports.models import SUMMARIES, Format, State
from app.tasks.due import parse_day
from app.tasks.schemas import FIRST_YEAR, LAST_YEAR

MAX_TITLE = 200
_query_schema = ExportQuerySchema()


class Day(fields.Date):
    """A day of the caller's calendar, `YYYY-MM-DD`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            day = parse_day(value)
        except (TypeError, ValueError):
            raise ValidationError("must be a date, YYYY-MM-DD") from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
        return day


class ProgressSchema(Schema):
    """How many of the rows are written."""

    done = fields.Integer(attribute="rows_done")
    total = fields.Integer(
        attribute="rows_total",
        allow_none=True,
        metadata={"description": "Null until they are counted."},
    )


class ReportSchema(Schema):
    """A report."""

    id = fields.Integer()
    user = fields.Integer(attribute="user_id")
    state = fields.String(validate=validate.OneOf([state.value for state in State]))
    format = fields.String(validate=validate.OneOf([each.value for each in Format]))
    title = fields.String()
    query = fields.Dict(
        metadata={"description": "As sent; a saved filter with what it said at that moment."}
    )
    first_day = fields.Date(
        data_key="from", allow_none=True, metadata={"description": "Null for rows, as is `to`."}
    )
    last_day = fields.Date(data_key="to", allow_none=True)
    progress = fields.Function(
        lambda found: ProgressSchema().dump(found),
        metadata={
            "type": "object",
            "properties": {
                "done": {"type": "integer"},
                "total": {"type": ["integer", "null"]},
            },
        },
    )
    size = fields.Integer(allow_none=True, metadata={"description": "Bytes, once it is done."})
    error = fields.String(allow_none=True, metadata={"description": "Why there is no file."})
    created_at = Timestamp()
    finished_at = Timestamp(allow_none=True)
    expires_at = Timestamp(allow_none=True, metadata={"description": "The file goes then."})
    links = fields.Function(
        lambda found: {
            "self": url_for("report.show_report", report_id=found.id),
            "download": url_for("report.download_report", report_id=found.id),
        },
        metadata={"type": "object", "additionalProperties": {"type": "string"}},
    )


class ReportInputSchema(Schema):
    """Which tasks, and what is to be made of them."""

    format = fields.Enum(
        Format,
        by_value=True,
        required=True,
        metadata={"description": "csv, json, xlsx: the rows; pdf, html: a summary with charts."},
    )
    query = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={
            "description": "Parameters of the task list, `filter`, `search` and `ordering` among "
            "them: a value, or a list of values. Left out: all tasks that the caller may see."
        },
    )
    title = Text(max_length=MAX_TITLE, load_default="")
    first_day = Day(
        data_key="from",
        load_default=None,
        metadata={"description": "First day of a summary; default: 30 days up to `to`."},
    )
    last_day = Day(
        data_key="to", load_default=None, metadata={"description": "Last day; default: today."}
    )

    @validates("query")
    def _is_accepted_by_the_list(self, query: Mapping[str, Any], **_: Any) -> None:
        if messages := _query_schema.validate(query):
            raise ValidationError(messages)

    @validates_schema(skip_on_field_errors=True)
    def _period_is_of_a_summary(self, data: Mapping[str, Any], **_: Any) -> None:
        days = {"from": data["first_day"], "to": data["last_day"]}
        given = [name for name, day in days.items() if day is not None]
        if given and data["format"] not in SUMMARIES:
            message = "is for pdf and html; narrow rows by created_at_gte and the like"
            raise ValidationError({name: [message] for name in given})


class ReportListSchema(NumberedPageSchema):
    """Which page of the reports."""
