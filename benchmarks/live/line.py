"""One WebSocket of a client: asyncio and wsproto, and nothing that costs more."""

import asyncio
import time
from collections.abc import Callable

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)


class Refused(ConnectionError):
    """The server did not let the client in, or the connection ended before that was known."""


class Line(asyncio.Protocol):
    """One WebSocket: hands each text to `hear` with the moment of its arrival."""

    def __init__(
        self,
        target: str,
        headers: list[tuple[bytes, bytes]],
        hear: Callable[[str, float], None],
        gone: Callable[[], None],
    ) -> None:
        self._request = Request(host="127.0.0.1", target=target, extra_headers=headers)
        self._hear, self._gone = hear, gone
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._parts: list[str] = []
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._transport: asyncio.Transport | None = None
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.write(self._request)

    def data_received(self, data: bytes) -> None:
        at = time.time()
        self._ws.receive_data(data)
        for event in self._ws.events():
            self._take(event, at)

    def connection_lost(self, _error: Exception | None) -> None:
        self._fail("The connection was lost.")
        self._may_write.set()
        self._gone()

    def say(self, text: str) -> None:
        """Send a text, unless the connection is gone."""
        self.write(TextMessage(data=text))

    def write(self, event: Event) -> None:
        """Send a frame, unless the connection is gone."""
        self.write_bytes(self._ws.send(event))

    def write_bytes(self, data: bytes) -> None:
        """Send anything, unless the connection is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Return when the other side has taken most of what was written."""
        await self._may_write.wait()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def cut(self) -> None:
        """Be gone without a good-bye; nothing is heard any more."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, event: Event, at: float) -> None:
        if isinstance(event, TextMessage):
            self._parts.append(event.data)
            if event.message_finished:
                text = "".join(self._parts)
                self._parts.clear()
                self._hear(text, at)
        elif isinstance(event, Ping):
            self.write(event.response())
        elif isinstance(event, AcceptConnection) and not self.accepted.done():
            self.accepted.set_result(None)
        elif isinstance(event, CloseConnection | RejectConnection):
            self._fail(repr(event))
            self.cut()

    def _fail(self, why: str) -> None:
        if not self.accepted.done():
            self.accepted.set_exception(Refused(why))
