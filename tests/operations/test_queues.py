"""How much is under way, and how old it is."""

import pytest

from app.core import deliveries as core
from app.core.cache import Cache
from app.core.db import unit_of_work
from app.core.jobs import QUEUES
from tests.workers.support import answer, execute

URL = "/api/v1/admin/queues/"


def email(admin):
    return next(each for each in admin.get(URL).json["channels"] if each["channel"] == "email")


def test_every_channel_and_queue_is_there_before_anything_happened(admin):
    found = admin.get(URL).json

    assert {"email", "lambda", "again"} <= {each["channel"] for each in found["channels"]}
    assert all(each["pending"] == each["dead"] == 0 for each in found["channels"])
    assert all(each["oldest_seconds"] is None for each in found["channels"])
    assert found["queues"] == [{"queue": name, "length": 0} for name in QUEUES]


def test_pending_ones_are_due_waiting_or_in_hand(app, admin, owed, claim, kill):
    claim(owed[0])
    execute(app, "UPDATE deliveries SET created_at = now() - interval '1 hour'")
    with app.app_context(), unit_of_work() as session:
        core.fail(session, core.claim(session, owed[3]), "451 later")
    found = email(admin)
    numbers = {name: found[name] for name in ("pending", "due", "waiting", "in_hand", "retrying")}

    assert numbers == {"pending": 4, "due": 2, "waiting": 1, "in_hand": 1, "retrying": 1}
    assert 3600 <= found["oldest_seconds"] < 3700
    kill(owed[3])
    execute(app, "UPDATE deliveries SET lease_until = NULL")
    answer(app, owed[0])
    admin.post(f"/api/v1/admin/deliveries/{owed[1]}/drop/", json={"reason": "x"})
    found = email(admin)
    names = ("pending", "dead", "done_last_day", "dropped_last_day")
    assert [found[name] for name in names] == [1, 1, 1, 1]


def test_what_the_relay_has_not_carried_on_is_its_lag(app, admin, ada):
    ada.create_task()
    before = admin.get(URL).json["relay"]
    assert before["events"] > 0
    assert before["oldest_seconds"] >= 0
    execute(app, "UPDATE events SET position = id")

    assert admin.get(URL).json["relay"] == {"events": 0, "oldest_seconds": None}


def test_the_length_of_a_queue_is_that_in_redis(admin, redis_client):
    redis_client.rpush("notifications", "a", "b")

    lengths = {each["queue"]: each["length"] for each in admin.get(URL).json["queues"]}
    assert lengths == dict.fromkeys(QUEUES, 0) | {"notifications": 2}


@pytest.fixture
def no_broker(app):
    kept = app.extensions["broker"]
    app.extensions["broker"] = Cache("redis://127.0.0.1:1/0")
    yield
    app.extensions["broker"] = kept


@pytest.mark.usefixtures("no_broker")
def test_without_redis_the_lengths_are_unknown_and_all_else_is_there(admin, owed):
    found = admin.get(URL)

    assert found.status_code == 200
    assert {each["length"] for each in found.json["queues"]} == {None}
    assert email(admin)["pending"] == 4
