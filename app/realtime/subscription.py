"""What a client asks for when it subscribes to a stream."""

from dataclasses import dataclass

from app.core.errors import BadRequest
from app.core.events import StreamName
from app.core.fields import MAX_ID


@dataclass(frozen=True)
class Subscription:
    """A stream, and the last place in it that the client knows; None to hear only from now on."""

    stream: StreamName
    last_seq: int | None


def read_subscription(stream: object, last_seq: object) -> Subscription:
    """Read what a client sent. Raises BadRequest with what to send instead."""
    named = _read_stream(stream)
    if named is None:
        raise BadRequest('The stream must be named like "user:7" or "project:3".')
    if last_seq is None:
        return Subscription(named, None)
    if type(last_seq) is not int or not 0 <= last_seq <= MAX_ID:
        raise BadRequest("last_seq must be the seq of the last message that you know, or 0.")
    return Subscription(named, last_seq)


def _read_stream(name: object) -> StreamName | None:
    kind, _, ref_id = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not (kind and len(kind) <= 16 and ref_id.isascii() and ref_id.isdigit()):
        return None
    return StreamName(kind, int(ref_id)) if len(ref_id) < 19 else None
