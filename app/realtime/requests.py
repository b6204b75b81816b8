"""What a signed-in client may ask for, by name: the one table behind both kinds of socket."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import BadRequest
from app.realtime.connections import Connection
from app.realtime.looking import presence, typing
from app.realtime.queries import Replay
from app.realtime.subscription import read_subscription
from app.realtime.switchboard import Switchboard

Answer = Callable[[Mapping[str, Any]], None]
Request = Callable[[Switchboard, Connection, Mapping[str, Any], Answer], None]
"""Does what is asked in an object and answers once; raises a ServiceError instead of answering.

What is answered names itself (`subscribed`), as a bare WebSocket has nothing else to tell by.
"""

USAGE = 'Send {"subscribe": "<stream>", "last_seq": <seq>}; tasks are changed over HTTP.'


def subscribe(
    switchboard: Switchboard, connection: Connection, asked: Mapping[str, Any], answer: Answer
) -> None:
    """`{stream, last_seq}` → `{subscribed, head, resync_required}`, then what was missed."""
    _check_names(asked, {"stream", "last_seq"})
    wanted = read_subscription(asked.get("stream"), asked.get("last_seq"))

    def tell(found: Replay) -> None:
        place = {"head": found.head, "resync_required": found.resync_required}
        answer({"subscribed": str(wanted.stream), **place})

    switchboard.subscribe(connection, wanted, tell)


REQUESTS: Mapping[str, Request] = {
    "subscribe": subscribe,
    "presence": presence,
    "typing": typing,
}


def _check_names(asked: Mapping[str, Any], known: set[str]) -> None:
    if set(asked) - known:
        raise BadRequest(USAGE)
