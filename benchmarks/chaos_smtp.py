"""A mail server that misbehaves as it is told to, and remembers every message that it took."""

import asyncio
import contextlib
import random
import re
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Coroutine
from typing import Any, NamedTuple

HEALTHY, REFUSES, HANGS, BUSY, DROPS = "healthy", "refuses", "hangs", "answers 451", "drops half"
POINTS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "half the message", "final dot", "answered")
"""Where a connection breaks off; at the last two the server has the message."""

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)


class Arrival(NamedTuple):
    """A message that came whole; `answered` tells whether its sender was told so."""

    at: float
    message_id: str
    answered: bool


class ChaosServer:
    """SMTP on a port of 127.0.0.1, served by a thread of its own."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.faults: Counter[str] = Counter()
        self.mode = HEALTHY
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._serving: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.switch_to(HEALTHY)

    def switch_to(self, mode: str) -> None:
        """Treat the connections that come from now on as `mode` says."""
        self._wait_for(self._switch_to(mode))

    def stop(self) -> None:
        self._wait_for(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _switch_to(self, mode: str) -> None:
        self.mode = mode
        if mode == REFUSES:
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        elif self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        await self._switch_to(REFUSES)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0.01)  # The loop closes the sockets when it comes round again.

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        talk = _Talk(self, reader, writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, _BrokenOff):
                await talk.go()
        finally:
            # Its end may come as a farewell or as a reset.
            if talk.was_answered or random.random() < 0.5:
                writer.close()
            else:
                writer.transport.abort()


class _BrokenOff(Exception):
    """The connection ends here, as was planned."""


class _Talk:
    """One connection. What becomes of it is drawn when it begins."""

    def __init__(self, server: ChaosServer, reader: StreamReader, writer: StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self.was_answered = False
        mode, half = server.mode, random.random() < 0.5
        self._breaks_at = random.choice(POINTS) if mode == DROPS and half else None
        # Half of those that hang say nothing at all, half have taken the message.
        self._hangs_at = ("greeting" if half else "final dot") if mode == HANGS else None
        self._busy_at = random.choice(POINTS[:-1]) if mode == BUSY else None

    async def go(self) -> None:
        await self._reach("greeting")
        await self._say("451 4.3.0 Later" if self._busy_at == "greeting" else "220 chaos")
        while line := await self._reader.readline():
            verb = line.split()[0].decode("ascii").upper() if line.split() else ""
            if verb == "QUIT":
                await self._say("221 Bye")
                return
            await self._reach(verb)
            if self._busy_at == verb:
                await self._say("451 4.3.0 Later")
            elif verb == "DATA":
                await self._say("354 Go on")
                await self._take()
            else:
                await self._say("250 OK")

    async def _take(self) -> None:
        if self._breaks_at == "half the message":
            await self._reader.read(200)
        await self._reach("half the message")
        content = await self._reader.readuntil(b"\r\n.\r\n")
        if self._busy_at in ("half the message", "final dot"):
            await self._say("451 4.3.0 Later")
            return
        found = _MESSAGE_ID.search(content)
        assert found, content
        arrivals, place = self._server.arrivals, len(self._server.arrivals)
        arrivals.append(Arrival(time.time(), found[1].decode(), answered=False))
        await self._reach("final dot")
        await self._say("250 OK")
        arrivals[place] = arrivals[place]._replace(answered=True)
        self.was_answered = True
        await self._reach("answered")

    async def _reach(self, point: str) -> None:
        if self._hangs_at == point:
            self._server.faults["hung"] += 1
            await self._reader.read()  # until the client has lost patience, or its life
            raise _BrokenOff
        if self._breaks_at == point:
            self._server.faults["broken off"] += 1
            raise _BrokenOff
        if self._busy_at == point:
            self._server.faults["answered 451"] += 1

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()
