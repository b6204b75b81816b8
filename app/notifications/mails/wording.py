"""Values as a person reads them, and texts that can do no harm wherever they stand."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.users.models import User

LABELS = {
    "title": "Title",
    "description": "Description",
    "status": "Status",
    "priority": "Priority",
    "assignee": "Assigned to",
    "due_date": "Due",
    "estimated_hours": "Estimated hours",
}
"""The fields of a task whose changes people are told of."""

MAX_TEXT = 500
"""Characters of one text in a mail; a description has up to 20,000 of them."""

# Marks that turn the direction of what follows can make a text read as another one. Letters have
# their direction without them.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def inert(value: Any) -> Any:
    """A text without control characters and marks of direction; anything else as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _INVISIBLE.sub("", value)
    return value


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters, fit for a header."""
    return str(inert(_BREAKS.sub(" ", text))).strip()


def shortened(text: str) -> str:
    """The first MAX_TEXT characters, marked where there are more."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rstrip() + " …"


def moment(iso: str, reader: User) -> str:
    """An instant, in the reader's time zone: `Tue 31 Mar 2026, 12:00 (UTC)`."""
    local = datetime.fromisoformat(iso).astimezone(ZoneInfo(reader.timezone))
    return f"{local:%a %d %b %Y, %H:%M} ({reader.timezone})"


def short_moment(iso: str, reader: User) -> str:
    """An instant that is days away, in the reader's time zone: `Tue 31 Mar, 12:00`."""
    return f"{datetime.fromisoformat(iso).astimezone(ZoneInfo(reader.timezone)):%a %d %b, %H:%M}"


def readable(field: str, value: Any, reader: User, names: Mapping[int, str]) -> str:
    """The value of a field of a task; `names` are those of the users by id."""
    if value is None or value == "":
        return "none"
    if field == "due_date":
        return moment(value, reader)
    if field == "assignee":
        return names.get(value, f"user {value}")
    if field in ("status", "priority"):
        return str(value).replace("_", " ").capitalize()
    return shortened(str(value))
