"""The shapes of webhooks, of what they are owed and of what was sent."""

from functools import partial

from marshmallow import Schema, fields, validate

from app.core.delivery_models import State
from app.core.fields import Id, Text, Timestamp
from app.core.query import NumberedPageSchema

MAX_URL = 2000
MAX_DESCRIPTION = 200
MAX_EVENTS = 50
MAX_OVERLAP_HOURS = 168

_URL = {"example": "https://example.com/hooks/tasks"}


class WebhookSchema(Schema):
    """A webhook: an address that is posted events. Its secrets are never shown again."""

    id = fields.Integer()
    project = fields.Integer(
        attribute="project_id",
        allow_none=True,
        metadata={"description": "Whose events it gets; null: what `user` is notified of."},
    )
    user = fields.Integer(attribute="user_id", allow_none=True)
    created_by = fields.Integer()
    url = fields.Url()
    description = fields.String()
    events = fields.List(fields.String())
    is_active = fields.Boolean()
    disabled_at = Timestamp(allow_none=True)
    disabled_reason = fields.String(allow_none=True)
    failing_since = Timestamp(
        allow_none=True, metadata={"description": "The first failure since the last success."}
    )
    failures = fields.Integer(metadata={"description": "How many failures, one after the other."})
    retry_at = Timestamp(allow_none=True, metadata={"description": "Nothing is tried before."})
    version = fields.Integer(metadata={"description": "For If-Match; rises with every change."})
    created_at = Timestamp()
    updated_at = Timestamp()


class WebhookWithSecretSchema(WebhookSchema):
    """A new webhook, with its secret."""

    secret = fields.String(metadata={"description": "`whsec_…`; shown this once."})


_events = partial(
    fields.List,
    Text(min_length=1, max_length=64),
    validate=validate.Length(1, MAX_EVENTS, error=f"must name 1 to {MAX_EVENTS} events"),
    metadata={"description": "`*`, `task.*`, `task.created`, …; without project `notification.…`."},
)


class WebhookPatchSchema(Schema):
    """What may be changed of a webhook; what is left out stays."""

    url = Text(min_length=1, max_length=MAX_URL, metadata=_URL)
    description = Text(max_length=MAX_DESCRIPTION)
    events = _events()
    is_active = fields.Boolean(
        metadata={"description": "true switches it on again and forgets its failures."}
    )


class WebhookInputSchema(Schema):
    """A new webhook."""

    url = Text(min_length=1, max_length=MAX_URL, required=True, metadata=_URL)
    description = Text(max_length=MAX_DESCRIPTION, load_default="")
    events = _events(load_default=lambda: ["*"])
    project = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "Without it: what the caller is notified of."},
    )


class WebhookQuerySchema(NumberedPageSchema):
    """Which webhooks: those of a project, else one's own."""

    project = Id()


class SecretInputSchema(Schema):
    """How long the old secret goes on signing."""

    overlap_hours = fields.Integer(
        strict=True,
        load_default=24,
        validate=validate.Range(0, MAX_OVERLAP_HOURS, error=f"must be 0 to {MAX_OVERLAP_HOURS}"),
    )


class SecretSchema(Schema):
    """A new secret."""

    secret = fields.String(metadata={"description": "`whsec_…`; shown this once."})
    created_at = Timestamp()
    old_secret_expires_at = Timestamp()


class AttemptQuerySchema(NumberedPageSchema):
    """Which part of the log."""

    status = fields.Integer(validate=validate.Range(100, 599))
    ok = fields.Boolean(metadata={"description": "Answered with 2xx, or not."})
    event_type = Text(max_length=64)


class WebhookAttemptSchema(Schema):
    """One request that was made, and what came back."""

    id = fields.Integer()
    delivery = fields.Integer(attribute="delivery_id")
    event_id = fields.UUID()
    event_type = fields.String()
    attempt = fields.Integer(metadata={"description": "The how manieth for this delivery."})
    at = Timestamp()
    url = fields.String()
    request_headers = fields.Dict(keys=fields.String(), values=fields.String())
    request_body = fields.String()
    status = fields.Integer(allow_none=True, metadata={"description": "Null: no answer."})
    response_headers = fields.Dict(keys=fields.String(), values=fields.String())
    response_body = fields.String(allow_none=True, metadata={"description": "Its first 4 KB."})
    error = fields.String(allow_none=True)
    milliseconds = fields.Integer()


class DeliveryQuerySchema(NumberedPageSchema):
    """Which deliveries."""

    state = fields.String(validate=validate.OneOf([state.value for state in State]))


class WebhookDeliverySchema(Schema):
    """One event that a webhook is, or was, owed."""

    id = fields.Integer()
    event_id = fields.UUID()
    event_type = fields.String()
    state = fields.String(validate=validate.OneOf([state.value for state in State]))
    attempts = fields.Integer()
    next_at = Timestamp(allow_none=True, metadata={"description": "Null unless it is pending."})
    last_error = fields.String(allow_none=True)
    created_at = Timestamp()
    finished_at = Timestamp(allow_none=True)


class ReplayInputSchema(Schema):
    """Which part of the project's stream is to be sent again."""

    from_seq = Id(required=True)
    to_seq = Id(load_default=None, allow_none=True)


class ReplaySchema(Schema):
    """How much is owed again, and from where to go on."""

    owed = fields.Integer(metadata={"description": "Without what was pending anyway."})
    next_seq = fields.Integer(
        allow_none=True, metadata={"description": "Call again from here; null: that was all."}
    )
