"""The shapes of the daily log."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.boards.lifecycle import Status
from app.core.fields import Id, Timestamp, Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.tasks.due import parse_day
from app.tasks.models import Priority


class Day(fields.Date):
    """A day as `YYYY-MM-DD`, and in no other form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return parse_day(value)
        except ValueError:
            raise ValidationError("must be a date such as 2026-03-31") from None


class TaskLogSchema(Schema):
    """A task as it was on one day."""

    date = fields.Date(attribute="day")
    task = fields.Integer(attribute="task_id")
    title = fields.String()
    status = fields.Enum(Status)
    priority = fields.Enum(Priority)
    assignee = fields.Integer(attribute="assignee_id", allow_none=True)
    reporter = fields.Integer(attribute="reporter_id")
    due_date = Timestamp(attribute="due_at", allow_none=True)
    created_at = Timestamp(metadata={"description": "When the task was created."})
    logged_at = Timestamp()


class TaskLogPageSchema(Schema):
    """A page of the log, newest day first."""

    count = fields.Integer(metadata={"description": "How many match, counted up to 10,000."})
    count_is_exact = fields.Boolean(metadata={"description": "False where more match."})
    next = fields.Url(allow_none=True)
    previous = fields.Url(allow_none=True)
    results = fields.List(fields.Nested(TaskLogSchema))


class TaskLogQuerySchema(QuerySchema):
    """Which part of the log."""

    date = Day(
        metadata={
            "description": "A day of the service's time zone. Not given: every day of the task, "
            "or where no task is given either, today."
        }
    )
    task = Id()
    cursor = fields.String(validate=validate.Length(max=2000))
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)
