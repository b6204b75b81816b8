"""The shapes of the insight report."""

from marshmallow import Schema, fields, validate

from app.core.query import QuerySchema
from app.reports.job_schemas import Day


def _counts(description: str = "") -> fields.Dict:
    """Name → number of tasks."""
    metadata = {"description": description} if description else {}
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=metadata)


class InsightQuerySchema(QuerySchema):
    """Whether the report is to tell what happened over time, and of which days."""

    over_time = fields.Boolean(
        load_default=False,
        metadata={"description": "Also tell what was created and completed in the last 30 days."},
    )
    first_day = Day(
        data_key="from",
        metadata={"description": "First day of `over_time`; default: 30 days up to `to`."},
    )
    last_day = Day(data_key="to", metadata={"description": "Last day; default: today."})


class PointSchema(Schema):
    """What happened in one step of time."""

    day = fields.Date(metadata={"description": "The day, or the first one of the week."})
    created = fields.Integer()
    completed = fields.Integer()


class OverTimeSchema(Schema):
    """What happened on days of the caller's calendar, to tasks as they are now."""

    first_day = fields.Date(data_key="from")
    last_day = fields.Date(data_key="to")
    timezone = fields.String(metadata={"description": "That of the profile; days are its days."})
    step = fields.String(
        validate=validate.OneOf(["day", "week"]),
        metadata={"description": "Of more than 31 days weeks are told, from Monday on."},
    )
    points = fields.List(fields.Nested(PointSchema))


class InsightSchema(Schema):
    """Numbers over the tasks that the caller may see, all of one moment."""

    total = fields.Integer()
    completed = fields.Integer(metadata={"description": "In DONE."})
    pending = fields.Integer(metadata={"description": "In BACKLOG or TODO."})
    tasks_by_priority = _counts()
    tasks_by_status = _counts()
    tasks_assigned = _counts("Username → tasks.")
    tasks_created = _counts("Username → tasks.")
    tasks_due_soon = fields.Integer(metadata={"description": "Open and due within 24 hours."})
    overdue = fields.Integer(metadata={"description": "Open and past the due date."})
    sla_breached = fields.Integer(metadata={"description": "Open and marked as a breach."})
    completion_rate = fields.Float(metadata={"description": "completed / total; 0 without tasks."})
    over_time = fields.Nested(
        OverTimeSchema, metadata={"description": "Only where it was asked for."}
    )
