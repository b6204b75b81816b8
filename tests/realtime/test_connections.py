"""How many connections there may be, and that nobody is counted who has gone."""

import logging
import resource
import runpy
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from app.core.events import StreamName
from app.realtime.connection import Connection
from app.realtime.connections import UNAUTHENTICATED_PER_ADDRESS, Bounds, Connections
from app.realtime.credentials import source_of
from app.realtime.views import View, everything
from app.users.actor import Actor
from app.users.models import Role
from tests.realtime.desk import Desk, Shelf

LATER = datetime(2999, 1, 1, tzinfo=UTC)
STREAM = StreamName.of_project(3)


def actor(user_id):
    return Actor(user_id, f"user{user_id}", Role.MEMBER, "UTC", "")


def opened(connections, address="192.0.2.1", name="one"):
    connection = Connection(name, address, Shelf())
    connections.add(connection)
    return connection


def test_a_process_has_a_bounded_number_of_sockets_and_so_has_an_address_and_a_user():
    connections = Connections(Bounds(per_process=4, per_user=2, per_address=3))
    three = [opened(connections, name=f"c{n}") for n in range(3)]
    assert not connections.has_room_for("192.0.2.1")
    assert connections.has_room_for("192.0.2.2")
    assert [connections.admit(each, actor(1), LATER) for each in three] == [True, True, False]
    assert connections.admit(three[2], actor(2), LATER)
    opened(connections, "192.0.2.2", "c3")
    assert not connections.has_room_for("192.0.2.3")

    connections.remove("c0")
    assert connections.has_room_for("192.0.2.1")
    assert connections.admit(opened(connections, name="c4"), actor(1), LATER)
    assert connections.users() == {1, 2}


def test_strangers_have_fewer_places_until_they_sign_in():
    many = UNAUTHENTICATED_PER_ADDRESS
    connections = Connections(Bounds(per_process=999, per_user=999, per_address=999))
    strangers = [opened(connections, name=f"c{n}") for n in range(many)]
    assert not connections.has_room_for("192.0.2.1")
    connections.admit(strangers[0], actor(1), LATER)
    assert connections.has_room_for("192.0.2.1")
    connections.dispossess(strangers[0])
    assert not connections.has_room_for("192.0.2.1")
    connections.remove(strangers[0].id)
    assert connections.has_room_for("192.0.2.1")


def test_an_address_opens_connections_at_a_bounded_rate():
    connections = Connections(Bounds(per_process=999, per_user=999, per_address=999))
    assert sum(connections.may_arrive("192.0.2.1") for _ in range(300)) < 250
    assert connections.may_arrive("192.0.2.2")


def test_addresses_that_came_once_are_forgotten_even_while_nobody_is_connected(monkeypatch):
    connections = Connections(Bounds(per_process=999, per_user=999, per_address=999))
    now = time.monotonic()
    for number in range(300):
        monkeypatch.setattr(time, "monotonic", lambda moment=now + number: moment)
        assert connections.may_arrive(f"2001:db8::{number:x}")

    assert len(connections._arrivals) < 5


def test_who_reads_a_stream_is_known_until_it_reads_no_more():
    connections = Connections(Bounds(per_process=9, per_user=9, per_address=9))
    one = opened(connections)
    connections.admit(one, actor(1), LATER)
    one.views = {"a": View("a", {STREAM: 0}, everything), "b": View("b", {STREAM: 0}, everything)}
    connections.reseat(one)
    assert list(connections.readers(STREAM)) == [one]
    one.views = {"b": one.views["b"]}
    connections.reseat(one)
    assert connections.read_streams() == {STREAM}

    connections.remove(one.id)
    connections.reseat(one)
    assert connections.read_streams() == set()
    assert connections.users() == set()
    assert not connections.admit(one, actor(1), LATER)


def test_who_signs_in_as_somebody_else_reads_nothing_of_before():
    connections = Connections(Bounds(per_process=9, per_user=9, per_address=9))
    one = opened(connections)
    connections.admit(one, actor(1), LATER)
    one.views = {"a": View("a", {STREAM: 0}, everything)}
    connections.reseat(one)

    connections.admit(one, actor(2), LATER)

    assert (one.views, connections.read_streams(), connections.users()) == ({}, set(), {2})


@pytest.mark.parametrize("waiting", [1000, 1001])
def test_a_client_with_more_than_a_thousand_messages_waiting_is_let_go(app, ada, waiting):
    desk = Desk(app)
    hers = desk.connect(ada, follow="all")
    desk.shelf.waiting = waiting
    ada.create_task()
    desk.advance()

    assert (hers.connection in desk.shelf.dismissed) == (waiting > 1000)


def test_a_connection_is_overdue_when_its_credential_is():
    one = opened(Connections(Bounds(9, 9, 9)))
    one.expires_at = datetime.now(UTC) + timedelta(seconds=60)
    assert not one.is_overdue
    one.expires_at -= timedelta(seconds=61)
    assert one.is_overdue


@pytest.fixture
def few_files():
    """A process that may open 1024 files, as most may at first, or more when it asks."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_web_server_takes_what_the_setting_says_and_http_besides(few_files):
    settings = SimpleNamespace(SOCKETS_PER_PROCESS=2500)
    worker = SimpleNamespace(
        wsgi=SimpleNamespace(config={"SETTINGS": settings}), log=logging.getLogger(__name__)
    )

    runpy.run_path("deploy/gunicorn.conf.py")["_make_room"](worker)

    assert worker.worker_connections == 3000
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 3200


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_one_ipv6_network_counts_as_one_address(address, source):
    assert source_of({"REMOTE_ADDR": address}) == source
