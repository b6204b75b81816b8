"""The shapes of the records."""

from marshmallow import Schema, fields, validate

from app.core.fields import Id, Text, Timestamp
from app.core.limit_counts import MAX_ENDPOINT
from app.core.query import NumberedPageSchema
from app.tasks.schemas import Due
from app.users.schemas import PublicUserSchema

GROUPS = ("user", "endpoint", "address", "hour", "day")
ORDERS = ("window_start", "requests", "rejected")


class RateLimitRecordSchema(Schema):
    """How often somebody used an endpoint in one hour."""

    id = fields.Integer()
    user = fields.Nested(
        PublicUserSchema(only=("id", "username")),
        allow_none=True,
        metadata={"description": "Null for who had not signed in."},
    )
    address = fields.String(
        allow_none=True,
        metadata={
            "description": "Of who had not signed in; kept for 90 days. `others` stands for the "
            "addresses beyond the first 10,000 or so of an hour."
        },
    )
    endpoint = fields.String(metadata={"example": "GET /api/v1/tasks/{task_id}/"})
    window_start = Timestamp(metadata={"description": "The beginning of the hour."})
    requests = fields.Integer(metadata={"description": "Including the rejected ones."})
    rejected = fields.Integer(metadata={"description": "Answered with 429."})


class RateLimitSummarySchema(Schema):
    """How often limited endpoints were used, by one thing: just that one is there."""

    user = fields.Nested(
        PublicUserSchema(only=("id", "username")),
        allow_none=True,
        metadata={
            "description": "Null for who had not signed in, and who does not exist any more."
        },
    )
    endpoint = fields.String()
    address = fields.String(
        allow_none=True, metadata={"description": "Null for who had signed in."}
    )
    hour = Timestamp()
    day = fields.Date(metadata={"description": "In your time zone."})
    requests = fields.Integer(metadata={"description": "Including the rejected ones."})
    rejected = fields.Integer(metadata={"description": "Answered with 429."})
    rejected_share = fields.Float(metadata={"description": "From 0 to 1.", "example": 0.25})
    first_window = Timestamp(metadata={"description": "The first hour in which there was one."})
    last_window = Timestamp(metadata={"description": "The last hour in which there was one."})


RateLimitQuerySchema = NumberedPageSchema.from_dict(
    {
        "user": Id(),
        "endpoint": Text(min_length=1, max_length=MAX_ENDPOINT),
        # Made this way because `from` is a word of Python's own.
        "from": Due(metadata={"description": "The first hour that is wanted."}),
        "to": Due(metadata={"description": "The last hour that is wanted."}),
        "ordering": fields.String(
            load_default="-window_start",
            validate=validate.OneOf([sign + name for name in ORDERS for sign in ("", "-")]),
        ),
    },
    name="RateLimitQuerySchema",
)

RateLimitSummaryQuerySchema = NumberedPageSchema.from_dict(
    {
        "group_by": fields.String(
            load_default="endpoint",
            validate=validate.OneOf(GROUPS),
            metadata={"description": "By what to add up."},
        ),
        "user": Id(),
        "endpoint": Text(min_length=1, max_length=MAX_ENDPOINT),
        "from": Due(metadata={"description": "The first hour; left out: 7 days before the last."}),
        "to": Due(metadata={"description": "The last hour, at most 31 days after the first."}),
    },
    name="RateLimitSummaryQuerySchema",
)
