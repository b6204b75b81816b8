"""The WebSocket below Engine.IO, with the bounds that its own driver lacks.

Read in simple-websocket 1.1.0 and engineio 4.15.1: the driver passes no `max_message_size`, so a
message is refused only once all of it is in memory; received messages queue up without an end; a
write under gevent may be cut short, because `send` is used instead of `sendall`; compression is
always agreed to, so that a small message can become a large one; a first character that is no
packet type raises past the clean-up; and nobody wakes the handler of a connection that the server
closes, which then stays until the client lets go.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from typing import Any

import simple_websocket
from wsproto import ConnectionType, WSConnection
from wsproto.events import Event, Ping
from wsproto.utilities import ProtocolError

from app.realtime.line import Line

MAX_WAITING_MESSAGES = 16
SECONDS_PER_FRAME = 0.005
"""A client that sends more frames waits: no bound on messages counts pings and empty fragments."""

_PACKET_TYPES = "0123456"

# No extensions: without compression, what arrives is as large as it looks.
_HANDSHAKE = (
    "HTTP_HOST",
    "HTTP_UPGRADE",
    "HTTP_CONNECTION",
    "HTTP_SEC_WEBSOCKET_KEY",
    "HTTP_SEC_WEBSOCKET_VERSION",
)


class CountedConnection(WSConnection):
    """The state of one WebSocket, with the number of frames that came."""

    def __init__(self) -> None:
        super().__init__(ConnectionType.SERVER)
        self.frames = 0

    def events(self) -> Generator[Event, None, None]:
        """What has come, each counted."""
        for event in super().events():
            self.frames += 1
            yield event


class BoundedWebSocket(simple_websocket.Server):
    """A WebSocket that reads no faster than its messages are handled, and always ends."""

    environ: dict[str, Any]
    sock: Any
    ws: CountedConnection
    subprotocols: list[str]

    def __init__(
        self,
        environ: dict[str, Any],
        *,
        pause: Callable[[float], None],
        timeout: float,
        **more: Any,
    ) -> None:
        self._pause, self._timeout = pause, timeout
        self._is_closed = False
        super().__init__(environ, **more)

    def handshake(self) -> None:
        """Answer the upgrade request."""
        self.environ = {name: self.environ[name] for name in _HANDSHAKE if name in self.environ}
        # The caller has read what the client offers, which may be anything.
        if self.subprotocols:
            self.environ["HTTP_SEC_WEBSOCKET_PROTOCOL"] = ", ".join(self.subprotocols)
        self.sock, self.ws = Line(self.sock, self._timeout), CountedConnection()
        super().handshake()

    def ping(self) -> None:
        """Make the other side say that it is there. Raises OSError when the connection is gone."""
        self.sock.send(self.ws.send(Ping()))

    def close(self, reason: int | None = None, message: str | None = None) -> None:
        """Say good-bye and hang up, whether or not the other side answers."""
        with suppress(OSError, ProtocolError, simple_websocket.ConnectionClosed):
            super().close(reason, message)
        self._is_closed = True
        self.connected = False
        self.event.set()
        self.sock.hang_up()

    def _handle_events(self) -> bool:
        before = self.ws.frames
        goes_on = bool(super()._handle_events())
        if not goes_on and not self._is_closed:
            self.sock.linger()
        # gevent switches only where it has to wait: a fast sender would keep everyone else waiting.
        self._pause((self.ws.frames - before) * SECONDS_PER_FRAME)
        while goes_on and not self._is_closed and len(self.input_buffer) > MAX_WAITING_MESSAGES:
            self._pause(0.01)
        # The caller takes this for `connected`, and close() may have been called meanwhile.
        return goes_on and not self._is_closed

    def _thread(self) -> None:
        try:
            with suppress(ProtocolError):
                super()._thread()
        finally:
            self.connected = False
            self.event.set()
            self.sock.hang_up()
            self.sock.close()


class WebSocketDriver:
    """What Engine.IO expects of its `websocket` driver: callable as WSGI, send, wait, close."""

    def __init__(self, handler: Callable[["WebSocketDriver"], Any], server: Any) -> None:
        self._handler, self._server = handler, server
        self._socket: BoundedWebSocket

    def __call__(self, environ: dict[str, Any], _start_response: object) -> Iterable[bytes]:
        """Serve one WebSocket from its upgrade to its end."""
        self._socket = accept(environ, self._server)
        try:
            self._handler(self)
        finally:
            self.close()
        return leave(self._socket)

    def send(self, message: str | bytes) -> None:
        """Send one message. Raises OSError when the connection is gone."""
        try:
            self._socket.send(message)
        except simple_websocket.ConnectionClosed:
            raise OSError from None

    def wait(self) -> str | bytes | None:
        """The next message; None when there will be none, or it is no packet of the protocol."""
        try:
            message: str | bytes | None = self._socket.receive()
        except simple_websocket.ConnectionClosed:
            return None
        if not message or (isinstance(message, str) and message[0] not in _PACKET_TYPES):
            return None
        return message

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def accept(
    environ: dict[str, Any], eio: Any, *, subprotocol: str | None = None
) -> BoundedWebSocket:
    """Answer the upgrade request, with the bounds and the kind of threads of the server `eio`."""
    parts = eio._async
    return BoundedWebSocket(
        environ,
        pause=parts["sleep"],
        timeout=eio.ping_interval + eio.ping_timeout,
        subprotocols=subprotocol,
        max_message_size=eio.max_http_buffer_size,
        thread_class=parts["thread"],
        event_class=parts["event"],
    )


def leave(ended: BoundedWebSocket) -> Iterable[bytes]:
    """Tell the web server, each in its way, that the connection is used up."""
    if ended.mode == "gunicorn":
        raise StopIteration
    if ended.mode == "werkzeug":
        raise ConnectionError
    return []
