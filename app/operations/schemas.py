"""The shapes of what operators see, and of what they order."""

from marshmallow import Schema, fields, validate

from app.core.delivery_control import DROPPABLE
from app.core.delivery_models import State
from app.core.fields import CommaList, Id, Text, Timestamp
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.notifications.channels import JOBS_BY_CHANNEL
from app.tasks.filters import When
from app.users.schemas import PublicUserSchema

MAX_AT_ONCE = 1000
STATES = tuple(state.value for state in State)
DROPPABLE_STATES = tuple(state.value for state in DROPPABLE)


class DeliveryEventSchema(Schema):
    """The event because of which something is owed."""

    id = fields.Integer()
    type = fields.String()
    at = Timestamp()
    actor = fields.Integer(allow_none=True)
    request_id = fields.String(allow_none=True)


class DeliverySchema(Schema):
    """One thing owed to somebody outside."""

    id = fields.Integer()
    event = fields.Nested(DeliveryEventSchema)
    task = fields.Integer(allow_none=True)
    part_of = fields.Integer(
        allow_none=True,
        metadata={"description": "The delivery with which it goes, where one mail tells of both."},
    )
    channel = fields.String(validate=validate.OneOf(list(JOBS_BY_CHANNEL)))
    target = fields.String()
    recipient = fields.Nested(
        PublicUserSchema(only=("id", "username")),
        allow_none=True,
        metadata={"description": "The user whom a mail is for; null in other channels."},
    )
    state = fields.String(validate=validate.OneOf(STATES))
    attempts = fields.Integer()
    next_at = Timestamp(metadata={"description": "When it is tried, while it is pending."})
    lease_until = Timestamp(
        allow_none=True, metadata={"description": "Until when a worker may be at it."}
    )
    last_error = fields.String(
        allow_none=True, metadata={"description": "Of the last attempt; also why it was dropped."}
    )
    created_at = Timestamp(metadata={"description": "It is given up three days after this."})
    finished_at = Timestamp(allow_none=True)


class ExplainedDeliverySchema(DeliverySchema):
    """A delivery, and in words how it stands."""

    explanation = fields.String(
        metadata={"example": "Tried 4 times; the last error: … Next try in 12 min."}
    )


class DeliveryPageSchema(Schema):
    """A page of deliveries, newest first."""

    count = fields.Integer(metadata={"description": "How many match, counted up to 10,000."})
    count_is_exact = fields.Boolean(metadata={"description": "False where more match."})
    next = fields.Url(allow_none=True)
    previous = fields.Url(allow_none=True, metadata={"description": "Always null."})
    results = fields.List(fields.Nested(DeliverySchema))


class DeliveryFilterSchema(QuerySchema):
    """Filters; several values of one are combined with OR, all else with AND."""

    channel = CommaList(fields.String(validate=validate.OneOf(list(JOBS_BY_CHANNEL))))
    state = CommaList(fields.String(validate=validate.OneOf(STATES)))
    target = Text(
        min_length=1, max_length=255, metadata={"description": "Of a mail: the user's id."}
    )
    event_type = CommaList(Text(min_length=1, max_length=64))
    task = CommaList(Id())
    error = Text(
        min_length=1, max_length=100, metadata={"description": "A part of the last error."}
    )
    created_at_gte = When()
    created_at_gt = When()
    created_at_lte = When()
    created_at_lt = When()


class DeliveryQuerySchema(DeliveryFilterSchema):
    """Filters and the part of the list that is wanted."""

    before = Id(metadata={"description": "The id of the last delivery already read."})
    page_size = fields.Integer(
        load_default=DEFAULT_PAGE_SIZE, validate=validate.Range(1, MAX_PAGE_SIZE)
    )


class ManySchema(DeliveryFilterSchema):
    """Which deliveries, and whether something is done to them or only told."""

    limit = fields.Integer(
        load_default=100,
        strict=True,
        validate=validate.Range(1, MAX_AT_ONCE),
        metadata={"description": "At most so many, the oldest first."},
    )
    dry_run = fields.Boolean(
        load_default=True,
        metadata={"description": "Tell what would happen, and do nothing: the default."},
    )


class RequeueManySchema(ManySchema):
    """Which deliveries are to be tried again; `state` must be said."""

    state = CommaList(fields.String(validate=validate.OneOf(STATES)), required=True)


class ReasonSchema(Schema):
    """Why a delivery is given up; its `last_error` and the audit log will say so."""

    reason = Text(min_length=1, max_length=200, required=True)


class DropManySchema(ManySchema, ReasonSchema):
    """Which deliveries are to be given up; `state` must be said."""

    state = CommaList(fields.String(validate=validate.OneOf(DROPPABLE_STATES)), required=True)


class HandledSchema(Schema):
    """What was done, or would be."""

    dry_run = fields.Boolean()
    count = fields.Integer()
    deliveries = fields.List(fields.Integer())
    in_hand = fields.Integer(metadata={"description": "Left alone, since a worker is at them now."})
    note = fields.String(metadata={"description": "The same in words."})


class ChannelSchema(Schema):
    """How one channel stands."""

    channel = fields.String()
    queue = fields.String(metadata={"description": "On which its workers are rung for."})
    pending = fields.Integer(metadata={"description": "due + waiting + in_hand"})
    due = fields.Integer(metadata={"description": "To be tried now."})
    waiting = fields.Integer(metadata={"description": "For their time, or for the next try."})
    in_hand = fields.Integer(metadata={"description": "A worker is at them."})
    retrying = fields.Integer(metadata={"description": "Of the pending: have failed before."})
    oldest_seconds = fields.Float(
        allow_none=True, metadata={"description": "Age of the oldest pending one."}
    )
    dead = fields.Integer(metadata={"description": "Given up, and still there."})
    done_last_day = fields.Integer(attribute="done_lately")
    dropped_last_day = fields.Integer(attribute="dropped_lately")


class QueueSchema(Schema):
    """One queue of the broker."""

    queue = fields.String()
    length = fields.Integer(
        allow_none=True, metadata={"description": "Null while Redis does not answer."}
    )


class RelayLagSchema(Schema):
    """What the relay has not carried on yet."""

    events = fields.Integer()
    oldest_seconds = fields.Float(allow_none=True)


class QueuesSchema(Schema):
    """All that is under way."""

    channels = fields.List(fields.Nested(ChannelSchema))
    queues = fields.List(fields.Nested(QueueSchema))
    relay = fields.Nested(RelayLagSchema)
