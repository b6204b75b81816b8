import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import deliveries as core
from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.extensions import db
from app.notifications.service import attempt
from tests.workers.support import deliveries, execute, let_pass, relay

TASKS = "/api/v1/tasks/"


def claim(app, delivery_id):
    with app.app_context(), unit_of_work() as session:
        return core.claim(session, delivery_id)


def fail(app, delivery, error="it did not work"):
    with app.app_context(), unit_of_work() as session:
        core.fail(session, delivery, error)


def finish(app, delivery):
    with app.app_context(), unit_of_work() as session:
        core.finish(session, delivery)


def take(app, channel="email", limit=100):
    with app.app_context(), unit_of_work() as session:
        return core.take_due(channel, session, limit)


@pytest.fixture
def owed(app, ada, bob):
    """Three mails about one task, in the order of the changes, and one about another task."""
    task = ada.create_task(assignee=bob.id)
    for title in ("Second", "Third"):
        ada.patch(f"{TASKS}{task['id']}/", json={"title": title})
    ada.create_task(assignee=bob.id)
    relay(app)
    return [delivery.id for delivery in deliveries(app)]


def test_no_more_than_the_limit_are_taken_whatever_the_plan(app, owed):
    with app.app_context(), unit_of_work() as session:
        # What is left is a loop that begins the subquery anew for each row of the table.
        for way in ("hashjoin", "hashagg", "mergejoin", "sort", "material"):
            session.execute(text(f"SET LOCAL enable_{way} = off"))
        assert core.take_due("email", session, 1) == owed[:1]


def state(app, delivery_id):
    return deliveries(app, id=delivery_id)[0]


def test_two_workers_at_once_one_gets_it(app, owed):
    barrier, claimed = threading.Barrier(8), []

    def work():
        with app.app_context():
            db.session.execute(text("SELECT 1"))
            db.session.rollback()
            barrier.wait()
            with unit_of_work() as session:
                claimed.append(core.claim(session, owed[0]))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([found for found in claimed if found]) == 1
    assert state(app, owed[0]).attempts == 1


def test_only_the_earliest_of_a_task_can_be_claimed(app, owed):
    first, second, third, other = owed
    assert claim(app, second) is None
    assert claim(app, third) is None
    assert claim(app, other)
    finish(app, claim(app, first))
    assert claim(app, third) is None
    assert claim(app, second)


def test_what_has_failed_keeps_its_place(app, owed):
    fail(app, claim(app, owed[0]))

    assert claim(app, owed[0]) is None
    assert claim(app, owed[1]) is None
    let_pass(app, timedelta(seconds=7))
    assert claim(app, owed[1]) is None
    assert claim(app, owed[0])


def test_an_unknown_id_is_nothing_to_do(app):
    assert claim(app, 2**62) is None


def test_a_lease_that_ran_out_is_given_to_another(app, owed):
    dead_worker = claim(app, owed[0])
    assert claim(app, owed[0]) is None
    let_pass(app, timedelta(seconds=61))
    second_worker = claim(app, owed[0])
    assert second_worker.attempts == 2

    # The first one wakes up again: its failure is not that of the second.
    fail(app, dead_worker)
    assert state(app, owed[0]).lease_until is not None
    assert state(app, owed[0]).last_error is None
    # But what it has sent is sent.
    finish(app, dead_worker)
    finish(app, second_worker)
    assert state(app, owed[0]).state == "done"


def test_an_attempt_that_was_taken_over_has_no_say_any_more(app, owed):
    def lose_it(*_):
        let_pass(app, timedelta(seconds=61))
        assert claim(app, owed[0]).attempts == 2
        raise TimeoutError

    with app.app_context():
        attempt(owed[0], lose_it)

    found = state(app, owed[0])
    assert (found.attempts, found.last_error) == (2, None)
    assert found.lease_until is not None


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 10), (3, 20), (7, 320), (8, 640), (9, 900), (40, 900), (10_000, 900)],
)
def test_pauses_double_up_to_a_quarter_of_an_hour(attempts, seconds):
    pauses = [core.pause_after(attempts).total_seconds() for _ in range(200)]

    assert min(pauses) >= seconds * 0.8
    assert max(pauses) <= seconds * 1.2
    assert len(set(pauses)) > 100


def test_a_failure_is_noted_with_its_pause(app, owed):
    fail(app, claim(app, owed[0]), "x" * 5000)

    found = state(app, owed[0])
    assert (found.state, found.attempts, found.lease_until) == ("pending", 1, None)
    assert found.last_error == "x" * 500
    assert found.next_at == found.ring_at
    with app.app_context():
        now = db.session.scalar(text("SELECT now()"))
    assert timedelta(0) < found.next_at - now <= timedelta(seconds=6)


def test_it_is_given_up_after_three_days_and_the_next_one_has_its_turn(app, owed):
    let_pass(app, timedelta(hours=71))
    fail(app, claim(app, owed[0]))
    assert state(app, owed[0]).state == "pending"

    let_pass(app, timedelta(hours=2))
    fail(app, claim(app, owed[0]), "still down")
    dead = state(app, owed[0])
    assert (dead.state, dead.last_error) == ("dead", "still down")
    assert dead.finished_at is not None
    assert owed[1] in take(app)
    assert claim(app, owed[1])


def test_one_that_kills_its_workers_is_given_up_too(app, owed):
    claim(app, owed[0])
    let_pass(app, timedelta(hours=73))

    assert owed[0] not in take(app)
    assert state(app, owed[0]).state == "dead"


def test_what_was_never_tried_is_tried_however_old_it_is(app, owed):
    let_pass(app, timedelta(days=30))

    assert owed[0] in take(app)


def test_a_doorbell_rings_once_and_again_after_a_while(app, owed):
    first, _, _, other = owed
    assert take(app) == [first, other]
    assert take(app) == []
    let_pass(app, timedelta(seconds=16))
    assert take(app) == [first, other]


def test_no_bell_rings_for_what_is_being_done_or_waits(app, owed):
    claim(app, owed[0])
    assert take(app) == [owed[3]]
    let_pass(app, timedelta(seconds=30))
    assert take(app) == [owed[3]]
    let_pass(app, timedelta(seconds=31))
    assert take(app) == [owed[0], owed[3]]


def test_the_next_one_is_rung_as_soon_as_the_one_before_it_is_done(app, owed):
    take(app)
    finish(app, claim(app, owed[0]))
    assert take(app) == [owed[1]]

    with app.app_context(), unit_of_work() as session:
        core.drop(session, core.claim(session, owed[1]), "not wanted")
    assert take(app) == [owed[2]]


def test_only_as_many_are_taken_as_asked_for(app, owed):
    # Nobody waits for anybody.
    execute(app, "UPDATE deliveries SET task_id = NULL")
    assert len(take(app, limit=3)) == 3
    assert len(take(app, limit=3)) == 1
    assert take(app, channel="lambda") == []


def test_taking_uses_the_index_however_much_is_waiting(app, owed):
    execute(
        app,
        "INSERT INTO deliveries (event_id, channel, target, ring_at) "
        "SELECT (SELECT min(id) FROM events), 'email', n, now() + interval '1 hour' "
        "FROM generate_series(1000, 21000) n",
    )
    execute(app, "ANALYZE deliveries")
    with app.app_context():
        rows = db.session.scalars(
            text(
                "EXPLAIN SELECT id FROM deliveries WHERE state = 'pending' AND part_of IS NULL "
                "AND channel = 'email' AND ring_at <= now() ORDER BY ring_at LIMIT 200"
            )
        )
        assert "ix_deliveries_ring" in "\n".join(rows)
        assert db.session.get(Delivery, owed[0])
