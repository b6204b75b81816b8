"""A server of one answer, which tells who came and what they sent."""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

TLS = Path(__file__).parent / "tls"
"""A certificate for hooks.example.com, its own authority, and its key: worth nothing elsewhere."""


class Receiver:
    """Answers every connection with `pieces`, `pause` seconds apart; then it waits for `stopped`.

    `accepted` counts connections, `requests` holds what was read from each of them.
    """

    def __init__(self, pieces: list[bytes], pause: float = 0, tls: bool = False) -> None:
        self.pieces, self.pause = pieces, pause
        self.accepted, self.requests = 0, []
        self.stopped = Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self.context:
            self.context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            if self.stopped.is_set():
                connection.close()
                return
            self.accepted += 1
            with connection, suppress(OSError):
                self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection:
            self.requests.append(_request(connection))
            for piece in self.pieces:
                connection.sendall(piece)
                time.sleep(self.pause)
            connection.shutdown(socket.SHUT_WR)


def _request(connection: socket.socket) -> bytes:
    request = b""
    while piece := connection.recv(65536):
        request += piece
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            break
    return request


@contextmanager
def receiver(pieces: list[bytes], **options: object) -> Iterator[Receiver]:
    """A running receiver."""
    server = Receiver(pieces, **options)
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        socket.create_connection(("127.0.0.1", server.port)).close()
        thread.join()
        server.listener.close()
