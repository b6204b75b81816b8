"""How each kind of socket is spoken: what a client says, and what it makes of a text that it hears.

Which measurements come from which kind is the caller's business; nothing here keeps a state.
"""

import json
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol


class Kind(Enum):
    """What a text from the server is."""

    READY = auto()
    ANSWER = auto()
    MESSAGE = auto()
    HEADS = auto()
    PING = auto()
    OTHER = auto()


class Said(NamedTuple):
    """One text from the server, understood."""

    kind: Kind
    body: dict[str, Any]


_NOTHING = Said(Kind.OTHER, {})


class Dialect(Protocol):
    """One kind of socket."""

    name: str
    path: str
    greets: bool
    """Whether the connection is good only once the server has said READY."""

    def headers(self, token: str) -> list[tuple[bytes, bytes]]:
        """What the handshake carries."""

    def greeting(self, token: str) -> str | None:
        """The first message of the client."""

    def subscription(self, stream: str, last_seq: int | None) -> str | None:
        """The message that asks for a stream; None where there is no such thing."""

    def read(self, text: str) -> Said:
        """Understand what the server says."""


class Raw:
    """The bare WebSocket."""

    name, path, greets = "raw", "/ws/tasks/", False

    def headers(self, token: str) -> list[tuple[bytes, bytes]]:
        return [(b"authorization", f"Bearer {token}".encode())]

    def greeting(self, token: str) -> str | None:
        return None

    def subscription(self, stream: str, last_seq: int | None) -> str | None:
        return json.dumps({"subscribe": stream, "last_seq": last_seq})

    def read(self, text: str) -> Said:
        body = json.loads(text)
        if "subscribed" in body or "error" in body:
            return Said(Kind.ANSWER, body)
        if body.get("action") == "head":
            return Said(Kind.HEADS, body["heads"])
        return Said(Kind.MESSAGE if "stream" in body else Kind.OTHER, body)


class SocketIO:
    """Socket.IO over WebSocket: Engine.IO's packet type, then Socket.IO's, then JSON."""

    name, path, greets = "socketio", "/socket.io/?EIO=4&transport=websocket", True

    def headers(self, token: str) -> list[tuple[bytes, bytes]]:
        return []

    def greeting(self, token: str) -> str | None:
        return "40" + json.dumps({"token": token})

    def subscription(self, stream: str, last_seq: int | None) -> str | None:
        # Handlers run one after the other, so that the number of the acknowledgement may be any.
        return "420" + json.dumps(["subscribe", {"stream": stream, "last_seq": last_seq}])

    def read(self, text: str) -> Said:
        if text == "2":
            return Said(Kind.PING, {})
        if text.startswith("40"):
            return Said(Kind.READY, {})
        if text.startswith("430"):
            return Said(Kind.ANSWER, json.loads(text[3:])[0])
        if text.startswith("42"):
            name, body = json.loads(text[2:])
            if name == "head":
                return Said(Kind.HEADS, body["heads"])
            return Said(Kind.MESSAGE if "stream" in body else Kind.OTHER, body)
        return _NOTHING


class Channels:
    """The peer: a bare WebSocket, where the server alone knows what a client hears."""

    name, path, greets = "channels", "/ws/tasks/", True

    def headers(self, token: str) -> list[tuple[bytes, bytes]]:
        return [(b"authorization", f"Token {token}".encode())]

    def greeting(self, token: str) -> str | None:
        return None

    def subscription(self, stream: str, last_seq: int | None) -> str | None:
        return None

    def read(self, text: str) -> Said:
        body = json.loads(text)
        if body == {"ready": True}:
            return Said(Kind.READY, {})
        return Said(Kind.MESSAGE, body)


PONG = "3"
RAW, SOCKETIO, CHANNELS = Raw(), SocketIO(), Channels()
