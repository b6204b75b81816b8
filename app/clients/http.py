"""Posting to addresses that strangers choose, without being led where nobody may go.

A name is looked up once for each attempt. Where any of its addresses is not public nothing is
opened, else the connection goes to just those addresses (docs/adr/0008-outgoing-http.md).
"""

import socket
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from http.client import HTTPException
from ipaddress import ip_address, ip_network
from threading import Lock, Thread
from typing import NamedTuple

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse

from app.clients.addresses import (
    Destination,
    Network,
    UnsafeAddress,
    destination,
    require_permitted,
)
from app.clients.watched import watched_connection
from app.config import Settings

__all__ = ["Answer", "HttpClient", "HttpError", "UnsafeAddress", "make_http_client"]

DEADLINE_SECONDS = 10.0
"""For everything together: looking the name up, connecting, TLS, sending and reading."""
MAX_BODY = 16 * 1024
MAX_HEADERS = 16 * 1024
ADDRESSES_TRIED = 3


class HttpError(Exception):
    """There was no answer; trying again later may work."""


class Answer(NamedTuple):
    """What the other side said; of its headers and of its body the first 16 KB are kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int


class HttpClient:
    """Posts to public addresses and to the `allowed` networks; follows nothing, repeats nothing."""

    def __init__(self, allowed: Iterable[str], seconds: float = DEADLINE_SECONDS) -> None:
        self.allowed: list[Network] = [ip_network(network) for network in allowed]
        self.seconds = seconds

    def check(self, url: str) -> None:
        """Raise UnsafeAddress where `url` alone shows that nothing may be sent there.

        A name is not looked up: what it means is checked at every attempt.
        """
        destination(url, self.allowed)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one POST. Raises UnsafeAddress, HttpError; a status of any kind is an answer.

        A time limit of a socket is one for each byte, and looking up a name has none; so the work
        is done in a thread of its own, which is cut off from here.
        """
        attempt = _Attempt(destination(url, self.allowed), self.allowed, self.seconds)
        outcome: Future[Answer] = Future()
        Thread(target=attempt.run, args=(body, headers, outcome), daemon=True).start()
        try:
            return outcome.result(timeout=self.seconds)
        except TimeoutError:
            raise HttpError(f"there was no whole answer within {self.seconds:g} s") from None
        finally:
            attempt.cut()


def make_http_client(settings: Settings) -> HttpClient:
    """The client that may reach what the settings allow."""
    return HttpClient(settings.WEBHOOK_ALLOWED_NETWORKS)


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which they should be tried. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Attempt:
    """One request, which `cut` ends from another thread wherever it is."""

    def __init__(self, to: Destination, allowed: Collection[Network], seconds: float) -> None:
        self.to = to
        self.allowed = allowed
        self.seconds = seconds
        self.begun = time.monotonic()
        self._lock = Lock()
        self._is_cut = False
        self._handles: list[socket.socket] = []

    def run(self, body: bytes, headers: Mapping[str, str], outcome: Future[Answer]) -> None:
        """Make the attempt and put what came of it into `outcome`."""
        try:
            outcome.set_result(self._exchange(body, headers))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            outcome.set_exception(error)

    def cut(self) -> None:
        """End the attempt: whoever waits for the socket, even within TLS, is told at once."""
        with self._lock:
            self._is_cut = True
            for handle in self._handles:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._handles.clear()

    def _exchange(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            connection = self._connection()
            try:
                response = self._ask(connection, body, headers)
                start = response.read(MAX_BODY, decode_content=False)
            finally:
                connection.close()
        except (OSError, HTTPException, HTTPError) as error:
            raise HttpError(_described(error)) from error
        milliseconds = round((time.monotonic() - self.begun) * 1000)
        return Answer(response.status, _kept(response.headers), start, milliseconds)

    def _ask(
        self, connection: HTTPConnection, body: bytes, headers: Mapping[str, str]
    ) -> BaseHTTPResponse:
        connection.request(
            "POST",
            self.to.path,
            body=body,
            headers={**headers, "Host": self.to.authority, "Connection": "close"},
            preload_content=False,
            decode_content=False,
        )
        return connection.getresponse()

    def _connection(self) -> HTTPConnection:
        """A connection to the first address that takes one, once all have been permitted."""
        addresses = look_up(self.to.host, self.to.port)
        for address in addresses:
            require_permitted(ip_address(address), self.allowed)
        tried = addresses[:ADDRESSES_TRIED]
        problem: Exception = OSError("the name has no address")
        for address in tried:
            try:
                return self._connected(address, self.seconds / len(tried))
            except (NewConnectionError, ConnectTimeoutError) as error:
                problem = error
        raise problem

    def _connected(self, address: str, seconds: float) -> HTTPConnection:
        if self._is_cut:
            raise HttpError("the time was up")
        connection = watched_connection(self.to, address, seconds, self._keep)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        connection.timeout = 2 * self.seconds  # The deadline comes first, and says so.
        return connection

    def _keep(self, handle: socket.socket) -> None:
        with self._lock:
            self._handles.append(handle)
        if self._is_cut:
            self.cut()


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer, as many as fit into MAX_HEADERS."""
    kept: dict[str, str] = {}
    room = MAX_HEADERS
    for name, value in headers.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = value
    return kept


def _described(error: Exception) -> str:
    """An error in the system's words: urllib3 shows the inside of its objects."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return f"{type(cause).__name__}: {cause}"
