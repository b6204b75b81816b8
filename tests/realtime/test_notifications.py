"""Whoever is connected hears of a new notification at once, with how many are unread."""

import threading

import pytest

from app.extensions import db
from app.realtime import queries
from benchmarks.plans import recorded
from tests.realtime.conftest import wait_until
from tests.workers.support import relay as relay_all

pytestmark = pytest.mark.xdist_group("realtime")

INBOX = "/api/v1/notifications/"


@pytest.fixture
def relay(app):
    """The relay with its handlers; the notifications are theirs."""
    stopping = threading.Event()

    def work():
        while not stopping.wait(0.02):
            relay_all(app)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


def told(listener):
    return [message for name, message in listener.heard if name == "notification.created"]


def test_each_of_the_users_sockets_hears_it_with_the_count_and_nobody_else_does(
    listen, listen_raw, ada, bob, eve, admin
):
    first, second, others = listen(bob), listen(bob), [listen(ada), listen(eve), listen(admin)]
    bare = listen_raw(bob)
    assert bare.ask(subscribe=f"user:{bob.id}")["subscribed"] == f"user:{bob.id}"
    # An administrator may listen to anybody's stream, but has no inbox but the own one.
    others[2].ask(stream=f"user:{bob.id}")

    task = ada.create_task(title="Paint", assignee=bob.id)
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": "Draw"})
    wait_until(lambda: len(told(first)) == len(told(second)) == 2, 5)

    assigned, changed = told(first)
    shown = bob.get(INBOX).json["results"]
    assert [assigned["notification"]["kind"], changed["notification"]["kind"]] == [
        "assigned",
        "changed",
    ]
    assert changed == {
        "notification": shown[0],
        "unread": 2,
        "action": "created",
        "stream": f"user:{bob.id}",
    }
    unread: list[int] = []
    while len(unread) < 2:
        unread += [message["unread"] for message in [bare.hear()] if "notification" in message]
    assert unread[-1] == 2
    assert [told(other) for other in others] == [[], [], []]


def test_a_bare_socket_that_did_not_subscribe_hears_of_tasks_alone(listen_raw, ada, bob):
    bare = listen_raw(bob)
    for _ in range(2):
        ada.create_task(assignee=bob.id)

    assert all("task_id" in bare.hear() for _ in range(2))
    assert bare.hears_nothing()


def test_other_tabs_hear_what_was_read(listen, ada, bob):
    tab = listen(bob)
    ada.create_task(assignee=bob.id)
    wait_until(lambda: told(tab), 5)
    own = told(tab)[0]["notification"]["id"]

    assert bob.patch(f"{INBOX}{own}/", json={"read": True}).status_code == 200
    wait_until(lambda: "notification.read" in tab.names_of("notification"), 5)

    (read,) = [message for name, message in tab.heard if name == "notification.read"]
    assert (read["notification_id"], read["ids"], read["read"]) == (own, [own], True)
    assert (read["unread"], read["stream"]) == (0, f"user:{bob.id}")


def test_what_goes_by_mail_only_and_what_one_does_oneself_is_not_heard(listen, ada, bob):
    bob.patch(f"{INBOX}preferences/", json={"assigned": {"inbox": False}})
    ada.patch("/api/v1/auth/users/me/", json={"email_own_changes": True})
    his, hers = listen(bob), listen(ada)
    task = ada.create_task(assignee=bob.id)
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": "Draw"})
    wait_until(lambda: told(his), 5)

    assert [message["notification"]["kind"] for message in told(his)] == ["changed"]
    assert told(hers) == []


def test_a_batch_costs_one_query_and_one_more_where_there_is_something_to_tell(app, ada, bob, eve):
    relay_all(app)
    with app.app_context():
        start = queries.last_position(db.session())
    for _ in range(5):
        ada.create_task(assignee=bob.id)
    relay_all(app)
    with app.app_context():
        entries = queries.entries_after(db.session(), start)
        with recorded(db.engine) as asked:
            assert queries.told_of(db.session(), [], {bob.id}) == {}
            assert len(asked.statements) == 0
            assert queries.told_of(db.session(), entries, {ada.id, eve.id}) == {}
            assert len(asked.statements) == 1
            told_of = queries.told_of(db.session(), entries, {ada.id, bob.id, eve.id})
            assert len(asked.statements) == 3

    assert [len(told_of[entry.record.id]) for entry in entries] == [1] * 5
    assert {each.user_id for messages in told_of.values() for each in messages} == {bob.id}
