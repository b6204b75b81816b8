"""Connections to an address of a host, with a handle by which they can be cut off."""

import socket
import ssl
from collections.abc import Callable

from urllib3.connection import HTTPConnection, HTTPSConnection

from app.clients.addresses import Destination

HandOut = Callable[[socket.socket], None]


class _Watched(HTTPConnection):
    """A connection that hands out a second handle of its socket as soon as there is one."""

    hand_out: HandOut

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        self.hand_out(connected.dup())
        return connected


class _WatchedTls(_Watched, HTTPSConnection):
    """The same with TLS."""


def watched_connection(
    to: Destination, address: str, seconds: float, hand_out: HandOut
) -> HTTPConnection:
    """A connection, not opened yet, to the `address` that was found for `to`.

    The certificate must be one of the host, whatever the address. `seconds` hold for each step.
    """
    connection: _Watched
    if to.scheme == "http":
        connection = _Watched(address, to.port, timeout=seconds)
    else:
        context = ssl.create_default_context()
        connection = _WatchedTls(
            address, to.port, timeout=seconds, server_hostname=to.host, ssl_context=context
        )
    connection.hand_out = hand_out
    return connection
