"""A line between clients and a server that a test can cut, as a network does."""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread

RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: a closed connection ends with a reset, without waiting for anything."""


class Cable:
    """Forwards every TCP connection to `port`; the clients connect to `self.port`.

    What goes through, both ways, goes through `change`.
    """

    def __init__(self, port: int, change: Callable[[bytes], bytes] = bytes) -> None:
        self._target, self._change = port, change
        self._lock = Lock()
        self._ends: list[socket.socket] = []
        self._is_cut = False
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and each new one, until `mend`."""
        with self._lock:
            self._is_cut = True
            ends, self._ends = self._ends, []
        for end in ends:
            _break(end)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:  # the server is down
            _break(near)
            return
        with self._lock:
            self._ends += [near, far]
        if self._is_cut:
            self.cut()
        for source, sink in ((near, far), (far, near)):
            Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(self._change(data))
        for end in (source, sink):
            _break(end)


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        # Wakes the thread that reads from it, which close() does not.
        end.shutdown(socket.SHUT_RDWR)
    end.close()
