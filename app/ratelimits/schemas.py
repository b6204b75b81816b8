"""The shapes of the records."""

from marshmallow import Schema, fields, validate

from app.core.fields import Id, Text, Timestamp
from app.core.limit_counts import MAX_ENDPOINT
from app.core.query import NumberedPageSchema
from app.tasks.schemas import Due
from app.users.schemas import PublicUserSchema

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
        allow_none=True, metadata={"description": "Of who had not signed in; kept for 90 days."}
    )
    endpoint = fields.String(metadata={"example": "GET /api/v1/tasks/{task_id}/"})
    window_start = Timestamp(metadata={"description": "The beginning of the hour."})
    requests = fields.Integer(metadata={"description": "Including the rejected ones."})
    rejected = fields.Integer(metadata={"description": "Answered with 429."})


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
