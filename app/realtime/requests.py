"""What a signed-in client may ask for, by name: the one table behind both kinds of socket."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import BadRequest
from app.realtime.connection import Connection
from app.realtime.messages import Message
from app.realtime.presence_requests import presence, typing
from app.realtime.subscription import read_name, read_subscription
from app.realtime.switchboard import Switchboard

Request = Callable[[Switchboard, Connection, Mapping[str, Any]], Message]
"""Does what is asked in an object; the answer names itself, as `subscribed` does.

Raises a ServiceError instead. What is sent because of it comes after the answer.
"""

MAX_NAME = 100
"""What is longer can name no stream, and is not repeated."""

USAGE = 'Send {"subscribe": "<stream>", "last_seq": <seq>}; tasks are changed over HTTP.'


def subscribe(
    switchboard: Switchboard, connection: Connection, asked: Mapping[str, Any]
) -> Message:
    """`{stream, last_seq}` → `{subscribed, head, resync_required, stream}`, then what was missed.

    The answer about `mine` has `heads` in the place of `head` and `stream`.
    """
    _check_names(asked, {"stream", "last_seq"})
    wanted = read_subscription(asked.get("stream"), asked.get("last_seq"))
    scope, found = switchboard.subscribe(connection, wanted)
    answer = {"subscribed": wanted.name, "resync_required": found.resync_required}
    if scope.home is None:
        return answer | {"heads": {str(stream): head for stream, head in found.heads.items()}}
    return answer | {"head": found.heads[scope.home], "stream": str(scope.home)}


def unsubscribe(
    switchboard: Switchboard, connection: Connection, asked: Mapping[str, Any]
) -> Message:
    """`{stream}` → `{unsubscribed}`, whether or not it was subscribed to."""
    _check_names(asked, {"stream"})
    name, _ = read_name(asked.get("stream"))
    switchboard.unsubscribe(connection, name)
    return {"unsubscribed": name}


REQUESTS: Mapping[str, Request] = {
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "presence": presence,
    "typing": typing,
}


def refused(error: str, code: str, name: str | None, asked: Mapping[str, Any]) -> Message:
    """The answer to a request that is refused; it names the stream that was to be heard or left."""
    answer = {"error": error, "code": code}
    stream = asked.get("stream") if name in {"subscribe", "unsubscribe"} else None
    is_name = isinstance(stream, str) and len(stream) <= MAX_NAME
    return answer | {"subscription": stream} if is_name else answer


def _check_names(asked: Mapping[str, Any], known: set[str]) -> None:
    if set(asked) - known:
        raise BadRequest(USAGE)
