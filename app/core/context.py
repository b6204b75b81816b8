"""What is known about the piece of work in hand, wherever in the code one stands."""

import re
import uuid
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Ties log lines and events to one request or job; None outside of both."""

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def set_request_id(value: str | None) -> str:
    """Start a piece of work and return its id.

    ``value`` is what the client sent as ``X-Request-ID``; anything but 1 to 128 letters, digits,
    dots, dashes and underscores is replaced, since it ends up in headers and log lines.
    """
    accepted = value is not None and _ACCEPTED_ID.fullmatch(value)
    identifier = value if value is not None and accepted else uuid.uuid4().hex
    request_id.set(identifier)
    return identifier
