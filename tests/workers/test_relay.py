import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.boards.lifecycle import Status
from app.core import cache
from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.core.events import DeliverTo, EventRecord, Reactions, Stream, StreamEntry
from app.extensions import db
from app.tasks import service as tasks
from app.tasks.models import Priority
from app.users.actor import Actor
from app.users.models import Role
from tests.workers.support import answer, deliveries, events, execute, relay
from workers.relay import Relay, relay_events

ROOT = Path(__file__).parents[2]
TASKS = "/api/v1/tasks/"


def write_tasks(app, person, numbers, assignee):
    actor = Actor(person.id, person.username, Role.MEMBER, "UTC", "")
    for number in numbers:
        with app.app_context(), unit_of_work() as session:
            data = {"title": f"{person.username} {number}", "assignee": assignee}
            data |= {"status": Status.TODO, "priority": Priority.LOW}
            tasks.create_task(session, data, actor=actor)


def write_concurrently(app, people, numbers):
    threads = [
        threading.Thread(target=write_tasks, args=(app, one, numbers(), other.id))
        for one in people
        for other in people
        if one is not other
    ]
    for thread in threads:
        thread.start()
    return threads


def numbers_until(stop):
    """Numbers at a human pace, until `stop` is set."""
    for number in count():
        if stop.wait(0.02):
            return
        yield number


def assert_gapless_and_in_order(app, total):
    positions = [event.position for event in events(app)]
    assert positions == list(range(1, total + 1))
    with app.app_context():
        rows = db.session.execute(
            select(StreamEntry.stream_id, EventRecord.position)
            .join(EventRecord, EventRecord.id == StreamEntry.event_id)
            .order_by(StreamEntry.stream_id, StreamEntry.seq)
        ).all()
        heads = dict(db.session.execute(select(Stream.id, Stream.last_seq)).all())
    by_stream = {stream: [p for s, p in rows if s == stream] for stream in heads}
    for stream, found in by_stream.items():
        assert found == sorted(found)
        assert len(found) == heads[stream]


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def relayed_count(app):
    with app.app_context():
        return db.session.scalar(text("SELECT count(position) FROM events"))


@pytest.fixture
def start_relay(settings, tmp_path) -> Iterator:
    """Starts real relay processes; their log is in `log`."""
    processes = []
    names = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR")
    environment = {name: str(getattr(settings, name)) for name in names}

    def start(**changed):
        log_file = tmp_path / f"relay{len(processes)}.log"
        with log_file.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "workers.relay"],
                cwd=ROOT,
                env=environment | changed,
                stderr=log,
            )
        process.log = log_file
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def is_at_work(process):
    return "at work" in process.log.read_text()


def test_positions_are_gapless_and_in_stream_order_under_concurrent_writers(app, ada, bob, eve):
    threads = write_concurrently(app, (ada, bob, eve), lambda: range(20))
    while any(thread.is_alive() for thread in threads):
        relay(app)
    relay(app)

    assert_gapless_and_in_order(app, 3 + 6 * 20)  # Three users were registered.
    assert len(deliveries(app, channel="email")) == 6 * 20


def test_an_event_that_commits_late_gets_a_later_position(app, ada, bob):
    with app.app_context(), db.engine.connect() as slow, slow.begin() as transaction:
        insert = (
            "INSERT INTO events (event_id, type, at, entity, entity_id, changes, snapshot) "
            "VALUES (gen_random_uuid(), 'other', now(), 'other', 1, '{}', '{}') RETURNING id"
        )
        early_id = slow.scalar(text(insert))
        ada.create_task()
        relay(app)
        transaction.commit()
    relay(app)

    *_, task, late = events(app)
    assert late.id == early_id < task.id
    assert (task.position, late.position) == (3, 4)


def test_relaying_again_owes_nothing_twice(app, ada, bob):
    ada.create_task(assignee=bob.id, status="DONE")
    relay(app)
    execute(app, "UPDATE events SET position = NULL")
    relay(app)

    assert [d.channel for d in deliveries(app)] == ["email", "lambda"]


def test_a_handler_that_fails_is_run_again_and_holds_nobody_back(
    app, ada, bob, monkeypatch, caplog
):
    table = app.extensions["reactions"]
    fails = True

    def mail_somebody(session, record):
        if fails:
            raise KeyError("assignee")
        return healthy.deliver[0](session, record)

    healthy = table["task.created"]
    broken = replace(healthy, deliver=[mail_somebody, *healthy.deliver[1:]])
    monkeypatch.setitem(table, "task.created", broken)
    ada.create_task(assignee=bob.id, status="DONE")
    with caplog.at_level(logging.ERROR):
        relay(app)

    again, other = deliveries(app)
    assert (again.channel, again.target, other.channel) == ("again", "mail_somebody", "lambda")
    assert events(app)[-1].position == 3
    assert str(events(app)[-1].event_id) in caplog.text

    answer(app, again.id)
    (failed,) = deliveries(app, channel="again")
    assert (failed.state, failed.last_error) == ("pending", "KeyError: 'assignee'")

    fails = False
    execute(app, "UPDATE deliveries SET next_at = now()")
    answer(app, again.id)
    assert deliveries(app, channel="again")[0].state == "done"
    assert [d.target for d in deliveries(app, channel="email")] == [str(bob.id)]


@pytest.mark.parametrize("wanted", [("fax", "1"), ("email", "a\nb"), ("email", "x" * 300)])
def test_what_cannot_be_delivered_is_the_handlers_failure(app, ada, monkeypatch, wanted):
    def odd(_session, _record):
        return [DeliverTo(*wanted)]

    table = app.extensions["reactions"]
    monkeypatch.setitem(table, "task.created", Reactions(deliver=[odd]))
    ada.create_task()
    relay(app)

    assert [(d.channel, d.target) for d in deliveries(app)] == [("again", "odd")]


def test_the_cache_is_dropped_at_start_and_again_after_a_failed_invalidation(
    app, ada, redis_client, monkeypatch
):
    relay_ = Relay(app)
    redis_client.set("task:2025-04-06", "[]")
    with app.app_context():
        relay_._invalidate([])
        assert redis_client.keys("task:*") == []

        redis_client.set("task:2025-04-06", "[]")
        relay_._invalidate([])
        assert redis_client.keys("task:*") != []

        cache.cache().stale = True
        with monkeypatch.context() as patch:
            patch.setattr(cache.cache(), "drop_all", lambda: False)
            relay_._invalidate([])
            assert relay_.cache_is_suspect
        relay_._invalidate([])
    assert not relay_.cache_is_suspect
    assert redis_client.keys("task:*") == []


def test_the_invalidation_is_repeated_for_every_event(app, ada, redis_client):
    with app.app_context(), db.engine.connect() as connection:
        relay_ = Relay(app)
        relay_._invalidate(relay_events(connection))
        task = ada.create_task()
        key = f"task:{task['created_at'][:10]}"
        redis_client.set(key, "[]")  # The writer died before it could.
        relay_._invalidate(relay_events(connection))

    assert redis_client.get(key) is None


def test_a_relay_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    app, ada, bob, eve, start_relay
):
    process = start_relay()
    wait_until(lambda: is_at_work(process))
    stop = threading.Event()
    threads = write_concurrently(app, (ada, bob, eve), lambda: numbers_until(stop))
    for _ in range(2):
        seen = relayed_count(app)
        wait_until(lambda seen=seen: relayed_count(app) > seen + 20)
        process.kill()
        process.wait()
        process = start_relay()
    stop.set()
    for thread in threads:
        thread.join()
    with app.app_context():
        written = db.session.scalar(text("SELECT count(*) FROM tasks"))
    wait_until(lambda: relayed_count(app) == 3 + written)

    assert written > 60
    assert_gapless_and_in_order(app, 3 + written)
    assert len(deliveries(app, channel="email")) == written


def test_of_two_relays_one_works_and_the_other_takes_over(app, ada, start_relay):
    first = start_relay()
    wait_until(lambda: is_at_work(first))
    second = start_relay()
    time.sleep(2.5)
    assert not is_at_work(second)

    first.kill()
    ada.create_task()
    wait_until(lambda: relayed_count(app) == 2)
    assert is_at_work(second)


def test_a_relay_stops_soon_also_while_the_database_is_away(app, start_relay):
    working, lost = start_relay(), start_relay(DATABASE_URL="postgresql://u:p@127.0.0.1:1/none")
    wait_until(lambda: is_at_work(working))
    wait_until(lambda: "tries again" in lost.log.read_text())
    time.sleep(1.5)
    assert lost.log.read_text().count("tries again") == 1
    for process in (working, lost):
        process.send_signal(signal.SIGTERM)

    assert [process.wait(timeout=60) for process in (working, lost)] == [0, 0]


def test_a_relay_survives_the_loss_of_its_connection(app, ada, start_relay):
    process = start_relay()
    wait_until(lambda: is_at_work(process))
    execute(
        app,
        "SELECT pg_terminate_backend(pid) FROM pg_locks "
        "WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    ada.create_task()
    wait_until(lambda: relayed_count(app) == 2)

    assert process.poll() is None
    assert process.log.read_text().count("tries again") == 1


def test_a_delivery_is_rung_at_once(app, ada, bob, start_relay, redis_client):
    process = start_relay()
    wait_until(lambda: is_at_work(process))
    ada.create_task(assignee=bob.id)
    started = time.monotonic()
    wait_until(lambda: redis_client.llen("notifications") == 1)

    assert time.monotonic() - started < 5
    (delivery,) = deliveries(app)
    with app.app_context():
        now = db.session.scalar(text("SELECT now()"))
        assert db.session.get_one(Delivery, delivery.id).ring_at > now + timedelta(seconds=10)
