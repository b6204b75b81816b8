"""What goes wrong on our side with one event or one client takes nothing from the others."""

import socket
import threading
import time

import pytest
import socketio
from engineio.exceptions import SocketIsClosedError
from engineio.socket import Socket
from sqlalchemy import text

from app.core.db import unit_of_work
from app.realtime import loop
from app.realtime.connection import Connection, Farewell
from app.realtime.connections import Connections
from app.realtime.loop import Loop
from app.realtime.presence import Presence
from app.realtime.presence_store import PresenceStore
from app.realtime.socketio_adapter import SocketIOAdapter
from app.realtime.switchboard import Switchboard
from tests.realtime.conftest import wait_until
from tests.realtime.desk import ROOMY, Desk, Idle, Shelf


class Threads(Idle):
    """Background tasks are threads, as where no greenlets are."""

    def start_background_task(self, work, *args):
        threading.Thread(target=work, args=args, daemon=True).start()

    def sleep(self, seconds):
        time.sleep(seconds)


class Stubborn(Shelf):
    """A way of sending on which nobody can be shown out."""

    def dismiss(self, connection, why):
        super().dismiss(connection, why)
        raise RuntimeError("The library has stumbled.")


def spoil(app, task):
    """As if a bug had written an event that nobody can make a message of."""
    with app.app_context(), unit_of_work() as session:
        session.execute(
            text("UPDATE events SET snapshot = '{}' WHERE task_id = :id"), {"id": task["id"]}
        )


@pytest.mark.parametrize("is_held", [True, False])
def test_an_event_that_cannot_be_told_holds_back_nothing_that_comes_after_it(app, ada, is_held):
    desk = Desk(app)
    hers = desk.connect(ada)
    hers.follow(f"user:{ada.id}")
    if is_held:
        hers.ask_held("subscribe", stream=f"user:{ada.id}")
    spoil(app, ada.create_task(title="spoilt"))
    ada.create_task(title="good")
    desk.advance()
    desk.switchboard.release(hers.connection)

    assert [message["title"] for _, message in hers.hear()] == ["good"]


def test_who_cannot_be_shown_out_does_not_end_the_service_of_the_others(app, ada, bob, monkeypatch):
    monkeypatch.setattr(loop, "RETRY_SECONDS", 0)
    desk = Desk(app, Threads())
    hers = desk.connect(ada, follow="all")
    desk.shelf = Stubborn()
    his = desk.connect(bob, follow="all")
    desk.shelf.waiting = 9999
    ada.create_task(assignee=bob.id)
    desk.relay()
    wait_until(lambda: his.connection in desk.shelf.dismissed, 2)

    ada.create_task()
    desk.relay()
    heard = []
    wait_until(lambda: heard.extend(hers.take()) or len(heard) == 2, 2)
    desk.switchboard.connections.remove(hers.connection.id)
    wait_until(lambda: not desk.switchboard.follower.loop.is_running, 2)


def test_the_line_of_who_cannot_be_shown_out_is_cut_all_the_same(app, monkeypatch):
    monkeypatch.setattr("app.realtime.switchboard.GOODBYE_SECONDS", 0)
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    desk = Desk(app, Threads())
    connection = Connection("stubborn", "192.0.2.1", Stubborn(), line=ours)
    with pytest.raises(RuntimeError):
        desk.switchboard.dismiss(connection, Farewell.TOO_SLOW)

    with ours, theirs:
        assert theirs.recv(1) == b""


def test_who_leaves_while_all_are_told_keeps_it_from_nobody(app):
    class Leaving(Socket):
        def send(self, _packet):
            raise SocketIsClosedError

    server, connections = socketio.Server(async_mode="threading"), Connections(ROOMY)
    presence = Presence(server, connections, PresenceStore("redis://127.0.0.1"))
    adapter = SocketIOAdapter(Switchboard(app, server, connections, presence))
    for name, kind in {"leaving": Leaving, "staying": Socket}.items():
        server.eio.sockets[name] = kind(server.eio, name)
        server.manager.connect(name, "/")
    stranger = Socket(server.eio, "stranger")
    server.eio.sockets["stranger"] = stranger

    names = ("leaving", "staying", "stranger")
    adapter.send([Connection(name, "192.0.2.1", adapter) for name in names], "head", {"heads": {}})

    assert (
        server.eio.sockets["staying"].queue.get(block=False).encode() == '42["head",{"heads":{}}]'
    )
    assert stranger.queue.empty()


def test_a_loop_goes_on_after_a_step_that_failed_and_ends_when_nobody_needs_it(monkeypatch, caplog):
    monkeypatch.setattr(loop, "RETRY_SECONDS", 0)
    taken = []

    def step():
        taken.append(len(taken))
        if len(taken) == 1:
            raise RuntimeError("The first one fails.")
        return 0

    worked = Loop(Threads(), step, lambda: len(taken) < 3)
    worked.ensure_running()
    wait_until(lambda: not worked.is_running, 2)

    assert taken == [0, 1, 2]
    assert "The first one fails." in caplog.text


def test_a_loop_that_cannot_begin_is_begun_by_the_next_who_needs_it():
    begun = []

    def begin():
        begun.append(1)
        if len(begun) == 1:
            raise RuntimeError("No database.")

    worked = Loop(Idle(), lambda: 0, lambda: True, begin=begin)
    with pytest.raises(RuntimeError):
        worked.ensure_running()
    assert not worked.is_running
    for _ in range(2):
        worked.ensure_running()
    assert len(begun) == 2
