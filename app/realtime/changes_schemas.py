"""The shapes of the feed over HTTP."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.core.fields import MAX_ID, Whole
from app.core.query import QuerySchema

DEFAULT_CHANGES = 100
MAX_CHANGES = 500

_VERSION = "1"


class LogCursor(fields.String):
    """A place in the log, as text that clients only keep and give back."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return urlsafe_b64encode(f"{_VERSION}:{value}".encode()).decode().rstrip("=")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            version, _, place = urlsafe_b64decode(padded).decode("ascii").partition(":")
        except ValueError:
            version = place = ""
        # Only what was written here: no other spelling of the same place.
        if (
            version != _VERSION
            or not place.isdigit()
            or len(place) > len(str(MAX_ID))
            or text != self._serialize(int(place), attr, None)
        ):
            raise ValidationError("is no cursor of this feed; begin without one")
        return int(place)


class ChangesQuerySchema(QuerySchema):
    """From where on, and how much at once."""

    since = LogCursor(
        metadata={"description": "The `cursor` of the answer before; without it, no changes."}
    )
    limit = Whole(1, MAX_CHANGES, load_default=DEFAULT_CHANGES)


class ChangesSchema(Schema):
    """A part of the feed."""

    changes = fields.List(
        fields.Dict(),
        metadata={
            "description": "Messages as on the WebSocket, oldest first: the id as `<entity>_id`, "
            "what it is now, `action`, `stream`, `seq` and `event_id`."
        },
    )
    cursor = LogCursor(metadata={"description": "Where to go on from; keep it as it is."})
    has_more = fields.Boolean(
        metadata={"description": "Whether to ask again at once, even if there are no changes here."}
    )
