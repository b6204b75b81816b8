"""What a client may send at all, checked before the Socket.IO library acts on it.

The library calls the handler of whatever event a client names, `connect` and `disconnect`
included, waits for any number of binary attachments, and logs a traceback for every packet that it
cannot read.
"""

import json
from typing import Any

from socketio.packet import CONNECT, DISCONNECT, EVENT, Packet

from app.core import json as bounded_json
from app.core.errors import BadRequest

_TYPES = {str(CONNECT), str(DISCONNECT), str(EVENT)}
# The library finds a handler by this name, so these would call handlers that are not for clients.
_RESERVED = {"connect", "disconnect", "*"}


class BoundedJson:
    """The JSON module of both protocol layers: reads within the bounds of the whole service."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text: str) -> Any:
        """Parse `text`; raises ValueError, as the libraries expect."""
        try:
            return bounded_json.loads(text)
        except BadRequest as error:
            raise ValueError(error.detail) from None


def is_acceptable(data: object) -> bool:
    """Whether `data` is a Socket.IO packet that a well-behaved client sends."""
    if not isinstance(data, str) or data[:1] not in _TYPES:
        return False
    try:
        packet = Packet(encoded_packet=data)
    except ValueError:
        return False
    if packet.packet_type == EVENT:
        return _is_event(packet.data)
    return packet.data is None or isinstance(packet.data, dict)


def _is_event(data: object) -> bool:
    """Whether it names an event that clients may send (which need not mean that there is one)."""
    named = isinstance(data, list) and data and isinstance(data[0], str)
    return bool(named) and data[0] not in _RESERVED  # type: ignore[index]  # named: a list
