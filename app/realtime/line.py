"""The TCP socket below a WebSocket: whole writes, and an end that is always reached."""

import socket
import threading
import time
from contextlib import suppress
from typing import Any

LINGER_SECONDS = 1.0
LINGER_BYTES = 1_000_000


def hang_up(tcp: Any) -> None:
    """End a TCP connection in both directions; who waits on it wakes up."""
    with suppress(OSError):
        tcp.shutdown(socket.SHUT_RDWR)


class Line:
    """A TCP socket on which every write is whole, and one at a time."""

    def __init__(self, sock: Any, timeout: float) -> None:
        # Pings pass more often than this in both directions, so silence means that nobody is there.
        sock.settimeout(timeout)
        self._socket = sock
        self._writing = threading.Lock()

    def send(self, data: bytes) -> None:
        """Write all of `data`."""
        with self._writing:
            self._socket.sendall(data)

    def recv(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        received: bytes = self._socket.recv(size)
        return received

    def hang_up(self) -> None:
        """End the connection in both directions; who waits on it wakes up."""
        hang_up(self._socket)

    def linger(self) -> None:
        """Finish writing and drop a little of what still comes.

        Closed with something unread, the connection is reset, and the client may not see why.
        """
        until, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while left > 0 and (seconds := until - time.monotonic()) > 0:
                self._socket.settimeout(seconds)
                received = len(self._socket.recv(65_536))
                left = left - received if received else 0

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
