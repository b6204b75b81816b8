"""What the schemas of all query strings share: unknown parameters are told what there is."""

import difflib
from typing import Any

from marshmallow import Schema, ValidationError

from app.core.fields import Whole
from app.core.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE, MAX_PAGE_SIZE


class QuerySchema(Schema):
    """A query string; a parameter that is not there is refused with the names of those that are."""

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Say of each unknown parameter what was probably meant and what is allowed."""
        unknown = [self.error_messages["unknown"]]
        for name, messages in error.messages_dict.items():
            if messages == unknown:
                error.messages_dict[name] = [self._unknown(str(name))]

    def _unknown(self, name: str) -> str:
        allowed = sorted(field.data_key or name for name, field in self.load_fields.items())
        near = difflib.get_close_matches(name, allowed, n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        return f"There is no such parameter{hint} Allowed are: {', '.join(allowed) or 'none'}."


class NumberedPageSchema(QuerySchema):
    """A page by its number."""

    page = Whole(1, 10 * MAX_PAGE, error=f"must be 1 to {10 * MAX_PAGE}", load_default=1)
    page_size = Whole(1, MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE)
