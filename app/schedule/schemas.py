"""The shapes of jobs and their runs."""

from marshmallow import Schema, fields, validate

from app.core.fields import Timestamp
from app.core.query import NumberedPageSchema
from app.schedule.models import State
from app.schedule.table import BY_NAME, Missed


class ScheduledRunSchema(Schema):
    """The run of a job for one moment."""

    id = fields.Integer()
    job = fields.String(attribute="name")
    tick_at = Timestamp(metadata={"description": "The moment for which it runs."})
    by_hand = fields.Boolean(metadata={"description": "Somebody ran it with `flask jobs run`."})
    state = fields.String(metadata={"enum": [state.value for state in State]})
    attempts = fields.Integer()
    started_at = Timestamp(allow_none=True)
    finished_at = Timestamp(allow_none=True)
    seconds = fields.Float(allow_none=True, metadata={"description": "Of its last attempt."})
    result = fields.String(
        allow_none=True, metadata={"description": "What the job said, or why it was skipped."}
    )
    error = fields.String(allow_none=True, metadata={"description": "Of its last attempt."})


class ScheduledJobSchema(Schema):
    """A job that runs by the clock."""

    name = fields.String(attribute="entry.name")
    description = fields.String(attribute="entry.description")
    cron = fields.String(
        attribute="entry.cron",
        metadata={
            "description": "Minute, hour, day of the month, month and day of the week, "
            "in the service's time zone.",
            "example": "0 10 * * *",
        },
    )
    missed = fields.Enum(
        Missed,
        by_value=True,
        attribute="entry.missed",
        metadata={
            "description": "What is made up for after a time in which nobody could work: "
            "every moment, the latest, or none (on time or not at all)."
        },
    )
    next_at = Timestamp()
    last_run = fields.Nested(ScheduledRunSchema, allow_none=True)


class ScheduledRunQuerySchema(NumberedPageSchema):
    """Which runs."""

    job = fields.String(validate=validate.OneOf(list(BY_NAME)))
    state = fields.String(validate=validate.OneOf([state.value for state in State]))
