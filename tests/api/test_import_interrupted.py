"""Imports whose worker is killed, stalls, is doubled or cancelled: no task doubles or is lost.

The worker is a process of its own, and it is killed for real.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from app.core.claims import Lost
from app.core.db import unit_of_work
from app.exchange import running
from app.exchange.models import CLAIMS
from tests.api.conftest import TASKS, at_once
from tests.api.importing import IMPORTS, as_csv, faults, handed_in, show, work

ROOT = Path(__file__).parents[2]
COUNT = 2500


def table(count=COUNT, bad_every=0):
    """Rows with different titles; every `bad_every`th is bad."""
    body = [
        [f"task {n}", "NONSENSE" if bad_every and n % bad_every == 0 else "LOW"]
        for n in range(1, count + 1)
    ]
    return as_csv([["title", "priority"], *body])


@pytest.fixture
def worker(database_url, redis_url, tmp_path):
    """Starts a process that carries out what is due."""
    env = os.environ | {
        "SECRET_KEY": "only-for-tests-" + "x" * 32,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "jobs", "run", "carry_on_imports"]
    started = []

    def start():
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(person, number, imported):
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        found = show(person, number)
        if found["imported"] >= imported:
            return found
        time.sleep(0.005)
    raise AssertionError(found)


def let_lease_pass(rows):
    rows("UPDATE task_imports SET lease_until = now(), ring_at = now()")


def titles(rows):
    return Counter(title for (title,) in rows("SELECT title FROM tasks"))


@pytest.mark.parametrize("after", [500, 2000])
def test_valid_goes_on_where_a_killed_worker_stopped(app, ada, rows, worker, wrong_counts, after):
    number = handed_in(ada, table(bad_every=100), mode="valid")
    process = worker()
    wait_for(ada, number, after * 0.9)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (kept,) = rows("SELECT imported, failed, next_record FROM task_imports")
    half = titles(rows)
    assert (len(half), kept[0] + kept[1]) == (kept[0], kept[2] - 2)
    assert work(app) == [], "its lease has not passed"
    let_lease_pass(rows)

    work(app)

    found = show(ada, number)
    assert (found["state"], found["imported"], found["failed"]) == (
        "done",
        COUNT * 0.99,
        COUNT * 0.01,
    )
    assert titles(rows) == Counter(f"task {n}" for n in range(1, COUNT + 1) if n % 100)
    assert ada.get(f"{IMPORTS}{number}/errors/").json["count"] == COUNT * 0.01
    assert faults(ada, number)[0]["row"] == 101
    assert rows("SELECT count(*) FROM events WHERE type = 'task.created'") == [(COUNT * 0.99,)]
    assert wrong_counts() == 0
    assert len(half) < COUNT * 0.99


@pytest.mark.parametrize("after", [500, COUNT])
def test_all_leaves_nothing_behind_where_its_worker_is_killed_and_begins_anew(
    app, ada, rows, worker, wrong_counts, after
):
    number = handed_in(ada, table(), mode="all")
    process = worker()
    found = wait_for(ada, number, after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert found["state"] == "importing", "killed too late"
    assert titles(rows) == Counter()
    let_lease_pass(rows)

    work(app)

    found = show(ada, number)
    assert (found["state"], found["imported"]) == ("done", COUNT)
    assert titles(rows) == Counter(f"task {n}" for n in range(1, COUNT + 1))
    assert wrong_counts() == 0


def test_all_shows_its_progress_though_nothing_is_there_yet(ada, rows, worker):
    number = handed_in(ada, table(), mode="all")
    process = worker()
    seen = set()
    while (found := show(ada, number))["state"] != "done":
        seen.add(found["imported"])
        if found["state"] == "importing":
            assert ada.get(TASKS).json["count"] in (0, COUNT)
        assert process.poll() in (None, 0)
    assert len(seen) > 3, seen


def test_a_cancelled_import_stops_soon_and_what_it_did_stays(ada, rows, worker):
    number = handed_in(ada, table(), mode="valid")
    process = worker()
    wait_for(ada, number, 500)

    assert ada.delete(f"{IMPORTS}{number}/").status_code == 204
    imported = show(ada, number)["imported"]

    assert process.wait(60) == 0
    found = show(ada, number)
    assert (found["state"], found["imported"]) == ("cancelled", imported)
    assert sum(titles(rows).values()) == imported < COUNT


def test_all_is_undone_where_it_is_cancelled_in_the_middle(ada, rows, worker):
    number = handed_in(ada, table(), mode="all")
    process = worker()
    wait_for(ada, number, 500)

    assert ada.delete(f"{IMPORTS}{number}/").status_code == 204

    assert process.wait(60) == 0
    assert show(ada, number)["state"] == "cancelled"
    assert titles(rows) == Counter()


@pytest.mark.parametrize("mode", ["all", "valid"])
def test_two_workers_at_one_import_import_it_once(app, ada, rows, mode):
    number = handed_in(ada, table(600), mode=mode)

    def run():
        with app.app_context():
            return running.run_import(number)

    said = at_once([run] * 3)

    assert sorted("nothing to do" in each for each in said) == [False, True, True]
    assert titles(rows) == Counter(f"task {n}" for n in range(1, 601))


@pytest.mark.parametrize("mode", ["all", "valid"])
def test_a_worker_that_stalled_for_longer_than_its_lease_has_no_say_any_more(app, ada, rows, mode):
    number = handed_in(ada, table(600), mode=mode)
    with app.app_context():
        with unit_of_work() as session:
            claimed = CLAIMS.claim(session, number)
            running._begin(session, claimed)
        stalled = running.Run(claimed)
        let_lease_pass(rows)
        work(app)
        with pytest.raises(Lost):
            stalled.go()

    assert show(ada, number)["state"] == "done"
    assert titles(rows) == Counter(f"task {n}" for n in range(1, 601))


def test_an_import_that_kills_every_worker_is_given_up(app, ada, rows):
    number = handed_in(ada, table(10), mode="valid")
    for _ in range(running.MAX_ATTEMPTS):
        with app.app_context(), unit_of_work() as session:
            assert CLAIMS.claim(session, number) is not None
        let_lease_pass(rows)

    work(app)

    found = show(ada, number)
    assert (found["state"], found["imported"]) == ("failed", 0)
    assert "interrupted 5 times" in found["reason"]


def test_a_long_import_lets_others_through_and_goes_on(app, ada, rows, monkeypatch):
    monkeypatch.setattr(running, "SLICE_SECONDS", 0)
    handed_in(ada, table(1200), mode="valid")

    said = work(app)

    assert [each.partition(": ")[2] for each in said] == [
        "goes on",
        "goes on",
        "1200 tasks imported, 0 rows refused",
    ]
    assert titles(rows) == Counter(f"task {n}" for n in range(1, 1201))
