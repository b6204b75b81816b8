"""What a client asks for when it subscribes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.errors import BadRequest
from app.core.events import StreamName
from app.core.fields import MAX_ID

MINE = "mine"

_NAMES = (
    'The stream must be named like "user:7", "project:3", "board:5" or "task:12", or be "mine".'
)
_PLACE = "last_seq must be the seq of the last message that you know, or 0."
_PLACES = (
    f'The last_seq of "{MINE}" must be an object with the seq of the last message that you know of '
    'each stream, like {"user:7": 5, "project:3": 17}.'
)


@dataclass(frozen=True)
class Subscription:
    """The name of what is subscribed to, and the last places that the client knows.

    `about` is that name in parts; None for `mine`. `last_seq` is the place in the one log stream,
    `places` are those of `mine`. A client that knows none hears only what comes from now on.
    """

    name: str
    about: StreamName | None
    last_seq: int | None = None
    places: Mapping[StreamName, int] = field(default_factory=dict)


def read_subscription(stream: object, last_seq: object) -> Subscription:
    """Read what a client sent. Raises BadRequest with what to send instead."""
    name, about = read_name(stream)
    if about is None:
        return Subscription(name, None, places=_read_places(last_seq))
    if last_seq is None:
        return Subscription(name, about)
    return Subscription(name, about, last_seq=_read_place(last_seq, _PLACE))


def read_name(stream: object) -> tuple[str, StreamName | None]:
    """The name in its one right spelling, and its parts. Raises BadRequest."""
    if stream == MINE:
        return MINE, None
    named = _read_stream(stream)
    if named is None:
        raise BadRequest(_NAMES)
    return str(named), named


def _read_places(given: object) -> Mapping[StreamName, int]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadRequest(_PLACES)
    places = {}
    for name, place in given.items():
        stream = _read_stream(name)
        if stream is None:
            raise BadRequest(_PLACES)
        places[stream] = _read_place(place, _PLACES)
    return places


def _read_place(given: object, instead: str) -> int:
    if type(given) is not int or not 0 <= given <= MAX_ID:
        raise BadRequest(instead)
    return given


def _read_stream(name: object) -> StreamName | None:
    kind, _, ref_id = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not (kind and len(kind) <= 16 and ref_id.isascii() and ref_id.isdigit()):
        return None
    return StreamName(kind, int(ref_id)) if len(ref_id) < 19 else None
