"""The shapes of the inbox and of the preferences."""

from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.core.fields import CommaList, Id, Timestamp
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.core.query import QuerySchema
from app.notifications.kinds import KINDS, Channel, Kind

MAX_IDS = 100


class _ActorSchema(Schema):
    id = fields.Integer()
    username = fields.String()


class _TaskSchema(Schema):
    id = fields.Integer()
    title = fields.String(metadata={"description": "As it is now."})


class _ProjectSchema(Schema):
    id = fields.Integer()
    name = fields.String()


class NotificationSchema(Schema):
    """What somebody was told, and by which event."""

    id = fields.Integer()
    kind = fields.String(validate=validate.OneOf(list(Kind)))
    event = fields.String(metadata={"description": "Type of the event, such as task.updated."})
    event_id = fields.UUID()
    actor = fields.Nested(
        _ActorSchema,
        allow_none=True,
        metadata={"description": "Null for what the service did by itself."},
    )
    task = fields.Nested(_TaskSchema, allow_none=True)
    project = fields.Nested(
        _ProjectSchema, allow_none=True, metadata={"description": "Where the task is now."}
    )
    comment = fields.Integer(allow_none=True)
    changes = fields.Dict(metadata={"description": "Field of the task → [before, after]."})
    created_at = Timestamp()
    read_at = Timestamp(allow_none=True)


class NotificationPageSchema(Schema):
    """A page of the inbox, newest first."""

    count = fields.Integer(metadata={"description": "How many match, counted up to 1,000."})
    count_is_exact = fields.Boolean(metadata={"description": "False where more match."})
    next = fields.Url(allow_none=True)
    previous = fields.Url(allow_none=True)
    results = fields.List(fields.Nested(NotificationSchema))


class InboxQuerySchema(QuerySchema):
    """Which part of the inbox."""

    unread = fields.Boolean(metadata={"description": "true: not read yet; false: read."})
    kind = CommaList(fields.Enum(Kind, by_value=True))
    cursor = fields.String(validate=validate.Length(max=2000))
    page_size = fields.Integer(
        load_default=DEFAULT_PAGE_SIZE, validate=validate.Range(1, MAX_PAGE_SIZE)
    )


class UnreadSchema(Schema):
    """How many are not read yet."""

    unread = fields.Integer(metadata={"description": "Counted up to 1,000."})


class MarkSchema(Schema):
    """Whether a notification counts as read."""

    read = fields.Boolean(required=True)


class ReadSchema(Schema):
    """Which notifications were read: either these, or all up to one."""

    ids = fields.List(Id(), validate=validate.Length(1, MAX_IDS))
    up_to = Id(metadata={"description": "The newest that was seen; it is marked as well."})

    @validates_schema
    def _says_which(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("give either ids or up_to", "ids")


class _ChannelsSchema(Schema):
    """Channel → whether it is wanted."""

    email = fields.Boolean()
    inbox = fields.Boolean()
    webhook = fields.Boolean()


class PreferenceSchema(Schema):
    """One kind of notification, and by which channels the caller wants it."""

    kind = fields.String(validate=validate.OneOf(list(Kind)))
    label = fields.String()
    description = fields.String()
    channels = fields.Nested(_ChannelsSchema)


class PreferencesSchema(Schema):
    """Every kind that can be switched off."""

    results = fields.List(fields.Nested(PreferenceSchema))


class _NamingSchema(Schema):
    """A body whose unknown fields are refused with the names of those that there are."""

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Say what is allowed in place of each unknown field."""
        for name, messages in error.messages_dict.items():
            if messages == [self.error_messages["unknown"]]:
                allowed = ", ".join(self.load_fields)
                error.messages_dict[name] = [f"cannot be chosen; there are: {allowed}"]


@cache
def _choice_of(channels: tuple[Channel, ...]) -> type[Schema]:
    """Channel → whether it is wanted, of the kinds that go by these channels."""
    return _NamingSchema.from_dict(
        {channel.value: fields.Boolean() for channel in channels},
        name=f"{'Or'.join(channel.title() for channel in channels)}ChoiceSchema",
    )


PreferencesPatchSchema = _NamingSchema.from_dict(
    {
        kind.value: fields.Nested(_choice_of(told.channels))
        for kind, told in KINDS.items()
        if told.channels
    },
    name="PreferencesPatchSchema",
)
"""`{"changed": {"email": false}}`: what is left out stays as it is."""
