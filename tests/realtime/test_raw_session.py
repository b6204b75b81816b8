"""One bare WebSocket on a pair of sockets: what keeps it alive, and what ends it."""

import socket
import threading
import time

import pytest
from simple_websocket import ConnectionClosed

from app.realtime.connection import Farewell
from app.realtime.raw_adapter import RawSession
from app.realtime.websocket import BoundedWebSocket

PING = b"\x89\x00"
PONG = b"\x8a\x80" + bytes(4)


@pytest.fixture
def pair():
    """Our end, as the server has it after the handshake, and the raw socket of the client."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    environ = {
        "werkzeug.socket": ours,
        "HTTP_HOST": "localhost",
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "Upgrade",
        "HTTP_SEC_WEBSOCKET_KEY": "x" * 22 + "==",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
    }
    opened = BoundedWebSocket(environ, pause=time.sleep, timeout=0.5)
    assert theirs.recv(4096).startswith(b"HTTP/1.1 101")
    yield opened, theirs
    opened.close()
    theirs.close()


@pytest.fixture
def session(pair):
    made = RawSession()
    writer = threading.Thread(target=made.write_to, args=(pair[0],))
    writer.start()
    yield made
    made.end(Farewell.CLOSED)
    writer.join(2)
    assert not writer.is_alive()


def test_a_client_that_answers_pings_stays(pair, session):
    opened, theirs = pair
    for _ in range(10):
        session.ping()
        assert theirs.recv(2) == PING
        theirs.sendall(PONG)
    assert opened.connected


def test_a_ping_comes_in_its_turn(pair, session):
    _opened, theirs = pair
    session.say({"n": 1})
    session.ping()
    session.say({"n": 2})
    heard = b""
    while b'"n":2' not in heard:
        heard += theirs.recv(4096)
    assert heard.index(b'"n":1') < heard.index(PING) < heard.index(b'"n":2')


def test_a_client_that_is_gone_without_a_word_is_given_up(pair, session):
    opened, _theirs = pair
    started = time.monotonic()
    with pytest.raises(ConnectionClosed):
        opened.receive()
    assert time.monotonic() - started < 10


def test_the_good_bye_comes_after_what_was_said_before_and_nothing_after_it(pair, session):
    _opened, theirs = pair
    session.say({"error": "why"})
    session.end(Farewell.UNAUTHENTICATED)
    session.say({"too": "late"})
    heard = b""
    while received := theirs.recv(4096):
        heard += received
    assert heard.index(b"why") < heard.index((4401).to_bytes(2, "big"))
    assert b"late" not in heard
