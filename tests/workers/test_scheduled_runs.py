"""Scheduled jobs: each once for each of its moments, whatever happens to messages and workers."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import unit_of_work
from app.extensions import db
from app.schedule import jobs, running, service
from app.schedule.moments import Moments
from app.schedule.table import BY_NAME, TABLE, Entry, Missed
from tests.api.importing import handed_in
from tests.workers.support import deliver_all, execute, relay
from workers.bell import Bell
from workers.factory import make_celery

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=30, microsecond=0)
HOURLY = "check_sla"
MAILING = ("check_sla", "send_daily_summary", "send_notifications_at_10_am")


@pytest.fixture
def at(monkeypatch):
    """Sets the clock, to a moment or so long after NOON."""

    def turn(moment=NOON, **difference):
        found = moment + timedelta(**difference)
        monkeypatch.setattr(clock, "now", lambda: found)

    return turn


@pytest.fixture
def message(app):
    """What a worker does when beat's message about a job arrives."""

    def arrive(name):
        with app.app_context():
            return jobs.tick.run(name)

    return arrive


@pytest.fixture
def rows(app):
    def run(statement, **values):
        with app.app_context(), db.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    return run


@pytest.fixture
def runs(rows):
    """State, attempts, result and error of the runs of a job that somebody began or will begin."""

    def of(name):
        return rows(
            "SELECT state, attempts, result, error FROM scheduled_runs WHERE name = :name"
            " AND coalesce(result, '') <> :start ORDER BY tick_at",
            name=name,
            start=service.BEFORE_THE_START,
        )

    return of


@pytest.fixture
def hourly(at, message, monkeypatch):
    """Replaces the work of an hourly job, and lets its next moment come."""

    def becomes(work, missed=Missed.LATEST):
        entry = Entry(work, Moments(minute=0), missed)
        monkeypatch.setitem(BY_NAME, HOURLY, entry)
        table = tuple(entry if each.name == HOURLY else each for each in TABLE)
        monkeypatch.setattr(service, "TABLE", table)
        work.__name__ = HOURLY
        at()
        message(HOURLY)
        at(hours=1)

    return becomes


@pytest.fixture
def ring(app):
    """Lets the relay's bell ring; how often it did for scheduled runs."""
    bell = Bell(app, make_celery(app))

    def once():
        with app.app_context():
            return bell.ring()

    yield once
    bell.close()


def let_the_lease_end(app):
    execute(app, "UPDATE scheduled_runs SET lease_until = now(), ring_at = now()")


CALLED_LONG_AGO = """
INSERT INTO webhook_attempts (endpoint_id, delivery_id, event_id, event_type, attempt, at, url,
                              request_headers, request_body, milliseconds)
VALUES (1, 1, gen_random_uuid(), 'task.created', 1, now() - interval '40 days', 'https://a.example',
        '{}', '{}', 5)
"""


def contents(rows, *, but=()):
    """A sum of the rows of every table."""
    tables = [table.name for table in db.metadata.sorted_tables if table.name not in but]
    each = "coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
    return {name: rows(f"SELECT {each} FROM {name} AS t")[0][0] for name in tables}


@pytest.fixture
def work_for(app, ada, bob, rows, monkeypatch):
    """Makes something to do for each job of the table; `tick` is when it will run."""

    def keep_a_month(_tick):
        changed = app.config["SETTINGS"].model_copy(update={"AUDIT_RETENTION_DAYS": 30})
        monkeypatch.setitem(app.config, "SETTINGS", changed)
        for _ in range(3):
            ada.create_task()
        relay(app)
        rows("UPDATE events SET at = at - interval '40 days'")

    def read_long_ago(tick):
        ada.create_task(assignee=bob.id)
        relay(app)
        old = "UPDATE notifications SET created_at = :at, read_at = :at"
        rows(old, at=tick - timedelta(days=100))

    def report_long_ago(tick):
        assert ada.post("/api/v1/reports/", json={"format": "csv"}).status_code == 202
        made = "UPDATE report_jobs SET state = 'done', file_name = 'gone.csv', expires_at = :at"
        rows(made, at=tick - timedelta(hours=1))

    return {
        "carry_on_imports": lambda _: handed_in(ada, "title\nOne\n"),
        "flush_rate_limit_records": lambda _: ada.create_task(),
        "check_sla": lambda tick: ada.create_task(due_date=clock.iso(tick - timedelta(minutes=1))),
        "sync_task_logs": lambda _: ada.create_task(),
        "purge_expired_sessions": lambda tick: rows(
            "UPDATE sessions SET expires_at = :past WHERE user_id = :id",
            past=tick - timedelta(days=2),
            id=bob.id,
        ),
        "purge_audit_logs": keep_a_month,
        "purge_notifications": read_long_ago,
        "expire_reports": report_long_ago,
        "purge_webhook_attempts": lambda _: rows(CALLED_LONG_AGO),
        "send_daily_summary": lambda tick: ada.create_task(
            assignee=bob.id, due_date=clock.iso(tick + timedelta(hours=5))
        ),
        "send_notifications_at_10_am": lambda tick: ada.create_task(
            assignee=bob.id, due_date=clock.iso(tick + timedelta(hours=5))
        ),
    }


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_run_twice_or_by_several_beats_at_once_it_changes_nothing_the_second_time(
    app, entry, at, message, work_for, rows
):
    mails = app.config["SETTINGS"].DATA_DIR / "mail"
    tick = entry.when.following(datetime.now(UTC) + timedelta(minutes=2), ZoneInfo("UTC"))
    at(tick - timedelta(minutes=1))
    work_for[entry.name](tick)
    message(entry.name)
    deliver_all(app)
    before, sent = contents(rows, but=("scheduled_runs",)), len(list(mails.glob("*.eml")))

    at(tick + timedelta(seconds=1))
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(message, [entry.name] * 4))
    deliver_all(app)

    done = rows(
        "SELECT state, attempts FROM scheduled_runs WHERE name = :name AND tick_at = :tick",
        name=entry.name,
        tick=tick,
    )
    assert done == [("done", 1)]
    assert sum(f"{entry.name} of" in each for each in said) == 1
    assert contents(rows, but=("scheduled_runs",)) != before, "it had nothing to do"
    after, told = contents(rows), sorted(mails.glob("*.eml"))
    assert len(told) - sent == (entry.name in MAILING)

    # The same message once more, that of the second beat, and somebody who runs it by hand.
    assert message(entry.name) == message(entry.name) == f"{entry.name}: nothing to do"
    deliver_all(app)
    assert contents(rows) == after
    by_hand = app.test_cli_runner().invoke(args=["jobs", "run", entry.name])
    assert by_hand.exit_code == 0, by_hand.output
    deliver_all(app)
    ours = contents(rows)
    assert {name for name in ours if ours[name] != after[name]} == {"scheduled_runs"}
    assert sorted(mails.glob("*.eml")) == told


def test_what_was_before_the_first_start_is_not_made_up_for(ada, at, message, rows):
    ada.create_task()
    at()

    assert message("sync_task_logs") == "sync_task_logs: nothing to do"

    found = rows("SELECT name, state, result FROM scheduled_runs ORDER BY id")
    assert found == [(entry.name, "skipped", service.BEFORE_THE_START) for entry in TABLE]
    assert rows("SELECT count(*) FROM task_logs") == [(0,)]


def test_three_days_of_downtime_make_three_days_of_log_and_no_reminder(
    app, ada, bob, at, message, rows, runs
):
    due = {"assignee": bob.id, "due_date": clock.iso(NOON + timedelta(days=3, hours=5))}
    old, gone, new = (ada.create_task(**due)["id"] for _ in range(3))
    at()
    message("sync_task_logs")
    deliver_all(app)
    day = NOON.date()
    moment = {"at": NOON + timedelta(days=1, hours=5), "id": new}
    rows("UPDATE tasks SET created_at = :at WHERE id = :id", **moment)
    moment = {"at": NOON + timedelta(days=2), "id": gone}
    rows("UPDATE tasks SET deleted_at = :at WHERE id = :id", **moment)

    at(days=3)
    said = message("sync_task_logs")
    for name in BY_NAME:
        message(name)

    days = [day + timedelta(days=n) for n in (1, 2, 3)]
    assert said == "; ".join(f"sync_task_logs of {each} 00:00 UTC done" for each in days)
    logged = rows("SELECT day, task_id FROM task_logs ORDER BY day, task_id")
    assert logged == [
        *((days[0], task) for task in (old, gone, new)),
        *((days[1], task) for task in (old, gone, new)),
        *((days[2], task) for task in (old, new)),
    ]
    assert runs("send_notifications_at_10_am") == [("skipped", 0, service.TOO_LATE, None)]
    assert rows("SELECT count(*) FROM events WHERE type = 'task.due_soon'") == [(0,)]
    assert [state for state, *_ in runs("check_sla")] == ["done"]


def test_a_very_long_downtime_is_made_up_for_as_far_as_a_year(app, at, message, rows):
    at()
    message("sync_task_logs")
    at(days=500)

    with app.app_context(), unit_of_work() as session:
        service.plan(session)

    waiting = "FROM scheduled_runs WHERE name = 'sync_task_logs' AND state = 'waiting'"
    midnight = NOON.replace(hour=0, second=0)
    assert rows(f"SELECT count(*), min(tick_at), max(tick_at) {waiting}") == [
        (366, midnight + timedelta(days=135), midnight + timedelta(days=500))
    ]


@pytest.mark.parametrize(
    ("late", "state"), [({"minutes": 59}, "done"), ({"minutes": 61}, "skipped")]
)
def test_a_reminder_comes_within_the_hour_or_not_at_all(at, message, runs, late, state):
    ten = NOON.replace(hour=10, second=0)
    at(ten - timedelta(hours=1))
    message(HOURLY)
    at(ten, **late)

    message("send_notifications_at_10_am")

    assert [each for each, *_ in runs("send_notifications_at_10_am")] == [state]


def test_a_reminder_that_waited_too_long_for_a_worker_is_skipped(at, message, runs):
    ten = NOON.replace(hour=10, second=0)
    at(ten - timedelta(hours=1))
    message(HOURLY)
    at(ten)
    message(HOURLY)
    at(ten, minutes=61)

    message("send_notifications_at_10_am")

    assert runs("send_notifications_at_10_am") == [("skipped", 0 + 1, service.TOO_LATE, None)]


def test_a_message_that_redis_lost_is_made_up_for_by_the_next_of_any_job(
    app, at, message, runs, ring, redis_client
):
    at()
    message(HOURLY)
    at(hours=1)
    redis_client.flushdb()  # With beat's message about the hourly job in it.

    message("carry_on_imports")

    assert runs(HOURLY) == [("waiting", 0, None, None)]
    assert ring() == 0, "its own message may still be on its way"
    let_the_lease_end(app)
    assert ring() == len(rung_names(app, runs)) > 0
    assert redis_client.llen("maintenance") > 0
    redis_client.flushdb()
    assert ring() == 0
    execute(app, "UPDATE scheduled_runs SET ring_at = now()")
    assert ring() > 0
    with app.app_context():
        assert jobs.run.run(run_id(app, HOURLY)).startswith("check_sla of")
    assert [state for state, *_ in runs(HOURLY)] == ["done"]


def rung_names(app, runs):
    return [name for name in BY_NAME for state, *_ in runs(name) if state == "waiting"]


def run_id(app, name):
    with app.app_context():
        newest = "SELECT max(id) FROM scheduled_runs WHERE name = :name"
        return db.session.scalar(text(newest), {"name": name})


def test_a_job_that_fails_is_tried_again_with_pauses_and_then_given_up(
    app, hourly, message, runs, rows, caplog
):
    def fail():
        raise ValueError("no\nluck")

    hourly(fail)
    for attempt in range(1, 5):
        assert message(HOURLY).endswith("failed")
        assert runs(HOURLY) == [("waiting", attempt, None, "ValueError: no luck")]
        assert message(HOURLY) == "check_sla: nothing to do"
        ((pause,),) = rows("SELECT max(lease_until - now()) FROM scheduled_runs")
        assert timedelta(0) <= timedelta(minutes=2 ** (attempt - 1)) - pause < timedelta(seconds=20)
        let_the_lease_end(app)
    message(HOURLY)

    assert runs(HOURLY) == [("failed", 5, None, "ValueError: no luck")]
    let_the_lease_end(app)
    assert message(HOURLY) == "check_sla: nothing to do"
    assert sum("failed, attempt" in record.message for record in caplog.records) == 5


def test_a_worker_that_dies_over_a_job_is_followed_by_another_one(app, hourly, message, runs, ring):
    begun = []

    def die_at_first():
        begun.append(1)
        if len(begun) == 1:
            raise SystemExit
        return "done at last"

    hourly(die_at_first)
    with pytest.raises(SystemExit):
        message(HOURLY)
    assert runs(HOURLY) == [("running", 1, None, None)]
    assert message(HOURLY) == "check_sla: nothing to do"

    let_the_lease_end(app)
    assert ring() > 0
    with app.app_context():
        jobs.run.run(run_id(app, HOURLY))

    assert runs(HOURLY) == [("done", 2, "done at last", None)]


def test_a_job_that_kills_every_worker_is_given_up(app, hourly, message, runs, caplog):
    def die():
        raise SystemExit

    hourly(die)
    for _ in range(5):
        with pytest.raises(SystemExit):
            message(HOURLY)
        let_the_lease_end(app)
    message(HOURLY)

    assert runs(HOURLY) == [("failed", 6, None, "The worker was lost 5 times.")]
    assert "The worker was lost 5 times." in caplog.text


def test_a_long_job_keeps_its_lease(app, hourly, message, rows, runs, monkeypatch):
    monkeypatch.setattr(running, "EXTEND_SECONDS", 0.01)
    left = "SELECT max(lease_until - now()) > interval '50 seconds' FROM scheduled_runs"

    def take_long():
        execute(app, "UPDATE scheduled_runs SET lease_until = now() WHERE state = 'running'")
        deadline = time.monotonic() + 60
        while rows(left) != [(True,)] and time.monotonic() < deadline:
            time.sleep(0.01)
        return f"still its own: {rows(left)[0][0]}, {message(HOURLY)}"

    hourly(take_long)
    message(HOURLY)

    assert runs(HOURLY) == [("done", 1, "still its own: True, check_sla: nothing to do", None)]


def test_who_was_taken_over_has_no_say(app, hourly, message, runs, caplog):
    def be_taken_over():
        execute(app, "UPDATE scheduled_runs SET run = run + 1, attempts = 2 WHERE attempts = 1")
        return "too late"

    hourly(be_taken_over)
    message(HOURLY)

    assert runs(HOURLY) == [("running", 2, None, None)]
    assert "was taken over" in caplog.text


def test_the_missed_moments_come_in_order_and_one_at_a_time(app, hourly, at, message, runs):
    seen = []

    def note(tick):
        seen.append(tick)
        if len(seen) == 2:
            raise ValueError("the second")
        return "noted"

    hourly(note, Missed.EVERY)
    at(hours=3)
    message(HOURLY)

    assert [state for state, *_ in runs(HOURLY)] == ["done", "waiting", "waiting"]
    let_the_lease_end(app)
    message(HOURLY)
    assert [state for state, *_ in runs(HOURLY)] == ["done"] * 3
    ticks = [NOON.replace(second=0) + timedelta(hours=n) for n in (1, 2, 2, 3)]
    assert seen == ticks


def test_a_later_moment_takes_the_place_of_one_that_waits(app, hourly, at, message, runs):
    said = iter([ValueError("once"), "well"])

    def fail_once():
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hourly(fail_once)
    message(HOURLY)
    at(hours=2)
    message("sync_task_logs")
    at(hours=3)
    message(HOURLY)

    assert runs(HOURLY) == [
        ("failed", 1, service.SUPERSEDED, "ValueError: once"),
        ("skipped", 0, service.SUPERSEDED, None),
        ("done", 1, "well", None),
    ]


def test_what_waits_of_a_job_that_is_no_more_is_skipped(app, at, message, rows):
    at()
    message(HOURLY)
    rows("UPDATE scheduled_runs SET name = 'former', state = 'waiting' WHERE name = 'check_sla'")

    assert message("former").endswith("skipped")
    found = rows("SELECT state, result FROM scheduled_runs WHERE name = 'former'")
    assert found == [("skipped", service.UNKNOWN)]


def test_runs_are_forgotten_after_90_days_but_never_the_last(at, message, rows):
    at()
    message(HOURLY)
    at(hours=1)
    message(HOURLY)
    at(days=89)
    message(HOURLY)
    count = "SELECT count(*) FROM scheduled_runs WHERE name = :name"
    assert rows(count, name=HOURLY) == [(3,)]

    at(days=90, hours=2)
    message(HOURLY)
    assert rows(count, name=HOURLY) == [(2,)]
    at(days=400)
    message(HOURLY)
    message(HOURLY)
    assert rows(count, name=HOURLY) == [(1,)]
