"""Reports whose worker is killed, stalls, is doubled or cancelled: never a part of a file.

The worker is a process of its own, and it is killed for real, while it is held up half-way by a
pipe in the place of its file.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.clients.storage import DiskStorage, StorageError
from app.core.claims import Lost
from app.core.db import unit_of_work
from app.extensions import db
from app.reports import files, running
from app.reports.expiry import expire_reports
from app.reports.models import CLAIMS
from tests.api.conftest import at_once
from tests.api.reporting import REPORTS, asked, download, rows_of, show, work

ROOT = Path(__file__).parents[2]
COUNT = 3500
MANY = """
INSERT INTO tasks (title, description, status, priority, reporter_id, due_date_only, sla_breached,
                   version, created_at, updated_at)
SELECT 'task ' || n, '', 'TODO', 'LOW', :person, false, false, 1, now() - n * interval '1 minute',
       now()
FROM generate_series(1, :count) AS n
"""


@pytest.fixture
def many(ada, rows):
    rows(MANY, person=ada.id, count=COUNT)


@pytest.fixture
def folder(settings):
    """The folder of finished reports, empty."""
    found = settings.DATA_DIR / "reports"
    (found / "unfinished").mkdir(parents=True, exist_ok=True)
    for path in found.rglob("*.*"):
        path.unlink()
    return found


@pytest.fixture
def worker(database_url, redis_url, settings):
    """Starts a process that makes one report."""
    env = os.environ | {
        "SECRET_KEY": "only-for-tests-" + "x" * 32,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(settings.DATA_DIR),
    }
    code = (
        "import sys; from app import create_app; from app.reports.running import run_report\n"
        "with create_app().app_context(): run_report(int(sys.argv[1]))"
    )
    started = []

    def start(number):
        command = [sys.executable, "-c", code, str(number)]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def let_lease_pass(rows):
    rows("UPDATE report_jobs SET lease_until = now(), ring_at = now()")


def names(folder):
    return sorted(path.name for path in folder.glob("*.*"))


def test_where_a_worker_is_killed_another_begins_anew(app, ada, rows, many, folder, worker):
    number = asked(ada)
    path = folder / "unfinished" / f"{number}-1.csv"
    os.mkfifo(path)
    process = worker(number)
    with path.open() as pipe:
        pipe.readline()  # The worker is in the middle of the file, and the pipe is full.
        process.send_signal(signal.SIGKILL)
        process.wait()
    path.unlink()
    assert show(ada, number)["state"] == "running"
    assert ada.get(f"{REPORTS}{number}/download/").status_code == 409
    assert (names(folder), work(app)) == ([], []), "its lease has not passed"
    let_lease_pass(rows)

    work(app)

    assert show(ada, number)["progress"] == {"done": COUNT, "total": COUNT}
    titles = [row["title"] for row in rows_of("csv", download(ada, number))]
    assert titles == [f"task {n}" for n in range(1, COUNT + 1)]
    assert names(folder) == [f"{number}-2.csv"]


@pytest.mark.parametrize("report_format", ["csv", "json", "xlsx"])
def test_cancelling_is_noticed_at_the_next_batch(
    app, ada, many, folder, monkeypatch, report_format
):
    number = asked(ada, report_format)
    reached = []
    stream = running.stream_rows

    def cancel():
        assert show(ada, number)["progress"] == {"done": 1000, "total": COUNT}
        assert ada.delete(f"{REPORTS}{number}/").status_code == 204

    def stream_and_cancel(statement):
        for place, row in enumerate(stream(statement), 1):
            reached.append(place)
            if place == 1500:
                at_once([cancel])  # A thread of its own, as a request has.
            yield row

    monkeypatch.setattr(running, "stream_rows", stream_and_cancel)
    (said,) = work(app)

    assert said.endswith("cancelled or taken over")
    assert len(reached) == 2000
    assert show(ada, number)["state"] == "cancelled"
    assert names(folder) == names(folder / "unfinished") == []


@pytest.mark.parametrize("report_format", ["csv", "pdf"])
def test_two_workers_at_one_report_make_it_once(app, ada, many, folder, report_format):
    number = asked(ada, report_format)

    def run():
        with app.app_context():
            return running.run_report(number)

    said = at_once([run] * 3)

    assert sorted("nothing to do" in each for each in said) == [False, True, True]
    assert names(folder) == [f"{number}-1.{report_format}"]


def test_a_worker_that_stalled_for_longer_than_its_lease_has_no_say_any_more(
    app, ada, rows, folder
):
    ada.create_task()
    number = asked(ada, "json")
    with app.app_context():
        with unit_of_work() as session:
            claimed = CLAIMS.claim(session, number)
            running._begin(session, claimed)
        stalled = running.Run(claimed)
        let_lease_pass(rows)
        work(app)
        with pytest.raises(Lost):
            stalled.go()
        with pytest.raises(Lost):
            stalled._complete(f"{number}-1.json", 1)

    assert names(folder) == [f"{number}-2.json"]
    assert len(rows_of("json", download(ada, number))) == 1


def test_a_report_that_kills_every_worker_is_given_up(app, ada, rows):
    number = asked(ada)
    for _ in range(running.MAX_RUNS):
        with app.app_context(), unit_of_work() as session:
            claimed = CLAIMS.claim(session, number)
            CLAIMS.note(session, number, claimed.run, rows_done=1000)
        let_lease_pass(rows)

    work(app)

    found = show(ada, number)
    assert (found["state"], found["error"]) == ("failed", "It was interrupted 5 times.")


def test_a_storage_that_fails_is_tried_again_and_at_last_named(app, ada, rows, folder, monkeypatch):
    class Full:
        def put(self, name, path):
            raise StorageError("no room")

    number = asked(ada)
    with monkeypatch.context() as patch:
        patch.setitem(app.extensions, "report_storage", Full())
        for _ in range(running.MAX_RUNS - 1):
            (said,) = work(app)
            assert said.endswith("not made now: no room")
            let_lease_pass(rows)
        assert show(ada, number)["state"] == "running"
    again = asked(ada)
    work(app)
    assert (show(ada, number)["state"], show(ada, number)["error"]) == ("done", None)
    assert show(ada, again)["state"] == "done"


def test_a_report_that_takes_too_long_says_so(app, ada, monkeypatch):
    monkeypatch.setattr(running, "LONGEST_SECONDS", -60)
    number = asked(ada)

    work(app)

    found = show(ada, number)
    assert found["state"] == "failed"
    assert "narrow the query" in found["error"]


@pytest.mark.parametrize("report_format", ["csv", "pdf"])
def test_a_query_that_takes_too_long_is_named(app, ada, many, monkeypatch, report_format):
    monkeypatch.setattr(running, "COUNTING_MILLISECONDS", 1)
    number = asked(ada, report_format, query={"search": "task -1 -2 -3 or 17"})

    work(app)

    assert show(ada, number)["error"] == "The query takes too long; narrow it."


def test_what_killed_workers_left_behind_is_removed_but_nothing_else(app, ada, folder):
    number = asked(ada)
    work(app)
    old = (files.clock.now() - files.ABANDONED * 2).timestamp()
    for name in ("9-1.csv", "unfinished/9-2.xlsx", f"{number}-1.csv"):
        (folder / name).touch()
        os.utime(folder / name, (old, old))
    for name in ("8-1.csv", "unfinished/8-2.csv"):
        (folder / name).touch()

    with app.app_context():
        assert expire_reports() == "0 reports expired, 2 abandoned files removed"

    assert names(folder) == sorted(["8-1.csv", f"{number}-1.csv"])
    assert names(folder / "unfinished") == ["8-2.csv"]
    assert download(ada, number)


def test_a_storage_that_hangs_keeps_no_connection_to_the_database(app, ada, settings, monkeypatch):
    number = asked(ada)
    work(app)
    held = []

    class Slow(DiskStorage):
        def read(self, name):
            held.append(db.session().in_transaction())
            return super().read(name)

    monkeypatch.setitem(app.extensions, "report_storage", Slow(settings.DATA_DIR / "reports"))

    assert download(ada, number)
    assert held == [False]
