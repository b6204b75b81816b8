"""The loop that closes connections and keeps the others alive."""

from datetime import timedelta

import pytest
import socketio
from engineio.packet import PONG, Packet

from app.core import clock
from app.realtime.connection import UNAUTHENTICATED_SECONDS, Connection, Farewell
from app.realtime.socketio_adapter import SweptSocket
from app.realtime.sweeper import PING_INTERVAL_SECONDS, STRANGERS_PER_SWEEP, Sweeper
from tests.realtime.desk import Desk, Idle


@pytest.fixture
def desk(app) -> Desk:
    return Desk(app)


def sweep(desk: Desk) -> None:
    Sweeper(desk.switchboard).sweep()


def test_each_connection_is_pinged_once_in_an_interval(desk, ada):
    quiet, lively = desk.connect(ada).connection, desk.connect(ada).connection
    quiet.pinged_at -= PING_INTERVAL_SECONDS

    sweep(desk)
    sweep(desk)

    assert desk.shelf.pinged == [quiet]
    lively.pinged_at -= PING_INTERVAL_SECONDS
    sweep(desk)
    assert desk.shelf.pinged == [quiet, lively]


def test_strangers_are_shown_out_and_not_pinged(desk, ada):
    stranger = Connection("stranger", "192.0.2.1", desk.shelf)
    desk.switchboard.open(stranger)
    stranger.opened_at -= UNAUTHENTICATED_SECONDS + 1
    stranger.pinged_at -= PING_INTERVAL_SECONDS
    known = desk.connect(ada).connection
    known.opened_at -= UNAUTHENTICATED_SECONDS + 1

    sweep(desk)

    assert desk.shelf.dismissed == {stranger: Farewell.UNAUTHENTICATED}
    assert desk.shelf.pinged == []


def test_who_leaves_while_others_are_shown_out_is_left_alone(app):
    class Leaving(Idle):
        """Somebody else leaves whenever the sweeper gives way."""

        def sleep(self, _seconds: float) -> None:
            desk.switchboard.connections.remove("leaves")

    desk = Desk(app, Leaving())
    for name in ("stays too long", "leaves"):
        stranger = Connection(name, "192.0.2.1", desk.shelf)
        desk.switchboard.open(stranger)
        stranger.opened_at -= UNAUTHENTICATED_SECONDS + 1

    sweep(desk)

    assert [each.id for each in desk.shelf.dismissed] == ["stays too long"]


def test_of_a_crowd_of_strangers_a_few_go_at_a_time_and_nobody_else_waits_for_them(app, ada):
    class SigningIn(Idle):
        """A stranger signs in while the first one is shown out."""

        def sleep(self, seconds: float) -> None:
            if seconds:
                actor, until = expired.actor, clock.now() + timedelta(hours=1)
                desk.switchboard.connections.admit(late, actor, until)

    desk = Desk(app, SigningIn())
    first, late, *others = strangers = [
        Connection(str(n), "192.0.2.1", desk.shelf) for n in range(STRANGERS_PER_SWEEP + 2)
    ]
    for stranger in strangers:
        desk.switchboard.open(stranger)
        stranger.opened_at -= UNAUTHENTICATED_SECONDS + 1
    expired = desk.connect(ada).connection
    expired.expires_at = clock.now()

    sweep(desk)
    assert list(desk.shelf.dismissed) == [expired, first, *others[:-2]]

    sweep(desk)
    assert list(desk.shelf.dismissed) == [expired, first, *others]


def test_a_socketio_client_is_pinged_again_only_when_it_has_answered():
    server = socketio.Server(async_mode="threading")
    session = SweptSocket(server.eio, "client")
    session.schedule_ping()

    session.ping()
    session.ping()
    assert [session.queue.get(block=False).encode() for _ in range(session.queue.qsize())] == ["2"]
    session.receive(Packet(PONG))
    session.ping()
    assert session.queue.get(block=False).encode() == "2"
    session.close(wait=False, abort=True)
    session.receive(Packet(PONG))
    session.ping()
