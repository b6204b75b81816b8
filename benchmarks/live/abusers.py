"""Clients that mean no good: they say nothing, or far too much."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from benchmarks.live.dialects import RAW, SOCKETIO
from benchmarks.live.line import Line, Refused

PER_ADDRESS = 25
"""Below the limit for strangers, so that they get in."""
OVERSIZED = 20_000_000
CHUNK = bytes(65_536)


class Abusers:
    """Idle strangers on both kinds of socket, and senders of oversized messages; `met` counts."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self._port, self._tokens = port, tokens
        self.met: Counter[str] = Counter()

    async def idle(self, number: int) -> None:
        """Connect, say nothing until the server hangs up, and come again, until cancelled."""
        while True:
            ended = asyncio.Event()
            dialect = (RAW, SOCKETIO)[number % 2]
            line = Line(dialect.path, [], lambda _text, _at: None, ended.set)
            try:
                await self._open(line, f"127.0.1.{1 + number // PER_ADDRESS}")
                self.met["idle sockets that were let in"] += 1
                await ended.wait()
            except (OSError, Refused):
                self.met["idle sockets that were refused"] += 1
                await asyncio.sleep(0.5)
            finally:
                line.cut()

    async def shout(self, number: int) -> None:
        """Send one message of OVERSIZED bytes, as far as the server lets it."""
        ended = asyncio.Event()
        headers = RAW.headers(self._tokens[number])
        line = Line(RAW.path, headers, lambda _text, _at: None, ended.set)
        try:
            await self._open(line, f"127.0.2.{1 + number // PER_ADDRESS}")
            # A text, the last of its message, masked by zeros; then the length in eight bytes.
            line.write_bytes(b"\x81\xff" + OVERSIZED.to_bytes(8, "big") + bytes(4))
            sent = 0
            while sent < OVERSIZED and not ended.is_set():
                await line.drained()
                line.write_bytes(CHUNK)
                sent += len(CHUNK)
            self.met["oversized messages"] += 1
            self.met["megabytes of them that were taken"] += sent // 1_000_000
        except (OSError, Refused):
            self.met["oversized messages that were refused at the door"] += 1
        finally:
            line.cut()

    async def _open(self, line: Line, source: str) -> None:
        await asyncio.get_running_loop().create_connection(
            lambda: line, "127.0.0.1", self._port, local_addr=(source, 0)
        )
        await line.accepted
