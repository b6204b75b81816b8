"""marshmallow fields for what every domain takes from outside, bounded and strict."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.core import clock, json

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_BREAKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")

MAX_ID = 2**63 - 1
"""The largest bigint of PostgreSQL."""


class Whole(fields.Integer):
    """A whole number within bounds: a JSON integer; in a query string, digits and nothing else."""

    def __init__(self, least: int, most: int, *, error: str | None = None, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most, error=error), **kwargs)

    def _validated(self, value: Any) -> Any:
        # bool is a subclass of int, and `true` is not an id.
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        if isinstance(value, str):
            if not (value.isascii() and value.isdigit() and len(value) < 20):
                raise self.make_error("invalid", input=value)
            value = int(value)
        return super()._validated(value)


class Id(Whole):
    """A positive 64-bit id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, MAX_ID, error="must be an id (a positive integer)", **kwargs)


class Text(fields.String):
    """One line of text: white space trimmed at both ends, no control characters.

    `max_length` counts characters. With `multiline` line breaks and tabs are kept.
    """

    def __init__(
        self, *, max_length: int, min_length: int = 0, multiline: bool = False, **kwargs: Any
    ) -> None:
        metadata = {"minLength": min_length, "maxLength": max_length} | kwargs.pop("metadata", {})
        super().__init__(metadata=metadata, **kwargs)
        self.min_length, self.max_length, self.multiline = min_length, max_length, multiline

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        text = text if self.multiline else text.strip()
        if len(text) < self.min_length:
            raise ValidationError(
                "must not be blank"
                if self.min_length == 1
                else f"must have at least {self.min_length} characters"
            )
        if len(text) > self.max_length:
            raise ValidationError(f"must have at most {self.max_length} characters")
        if reason := json.refused_text(text):
            raise ValidationError(reason)
        if (_CONTROL_BUT_BREAKS if self.multiline else _CONTROL).search(text):
            raise ValidationError("must not contain control characters or line breaks")
        return text


class CommaList(fields.List[Any]):
    """Several values of one parameter: `status=TODO,DONE`, `status=TODO&status=DONE` or both."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        given = value if isinstance(value, list) else [value]
        parts = [part.strip() for item in given for part in str(item).split(",")]
        if not parts:  # in JSON; a query string always has one
            raise ValidationError("takes at least one value")
        if len(parts) > 100:
            raise ValidationError("takes at most 100 values")
        try:
            return super()._deserialize(parts, attr, data, **kwargs)
        except ValidationError as error:
            # By the name of the parameter: where in a list of words one stands says nothing.
            messages = error.messages_dict.values()
            raise ValidationError(list(dict.fromkeys(chain.from_iterable(messages)))) from None


class Timestamp(fields.DateTime):
    """An instant as the API prints it, in UTC with milliseconds."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else clock.iso(value)
