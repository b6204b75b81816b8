"""What administrators and operators see of the scheduled jobs."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.schedule import jobs
from app.schedule.moments import Moments
from app.schedule.table import BY_NAME, TABLE, Entry, Missed

JOBS = "/api/v1/admin/jobs/"
RUNS = f"{JOBS}runs/"
DAWN = datetime(2026, 3, 31, 2, 59, 30, tzinfo=UTC)
PURGE = "purge_expired_sessions"


@pytest.fixture
def purged(app, monkeypatch):
    """The service has started at dawn and run one job at three; now it is a minute past."""
    for seconds in (0, 60):
        moment = DAWN + timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda at=moment: at)
        with app.app_context():
            jobs.tick.run(PURGE)


@pytest.fixture
def flask(app):
    def run(*arguments):
        return app.test_cli_runner().invoke(args=["jobs", *arguments])

    return run


def test_every_job_is_listed_with_its_next_moment_and_its_last_run(admin, purged):
    found = admin.get(JOBS).json

    assert found["count"] == len(TABLE)
    assert [job["name"] for job in found["results"]] == [entry.name for entry in TABLE]
    (job,) = (job for job in found["results"] if job["name"] == PURGE)
    run = job.pop("last_run")
    three = DAWN + timedelta(seconds=30)
    assert job == {
        "name": PURGE,
        "description": "Delete the sessions that ended by time more than a day ago.",
        "cron": "0 3 * * *",
        "missed": "latest",
        "next_at": clock.iso(three + timedelta(days=1)),
    }
    assert run.pop("id")
    assert run == {
        "job": PURGE,
        "tick_at": clock.iso(three),
        "by_hand": False,
        "state": "done",
        "attempts": 1,
        "started_at": clock.iso(DAWN + timedelta(minutes=1)),
        "finished_at": clock.iso(DAWN + timedelta(minutes=1)),
        "seconds": 0.0,
        "result": "0 expired sessions deleted",
        "error": None,
    }


def test_before_the_first_start_there_is_no_run(admin):
    assert {job["last_run"] for job in admin.get(JOBS).json["results"]} == {None}
    assert admin.get(f"{JOBS}?page_size=2&page=2").json["results"][0]["name"] == TABLE[2].name
    assert admin.get(RUNS).json["results"] == []


def test_the_runs_are_listed_newest_first_in_pages_and_by_job_and_state(admin, purged, flask):
    flask("run", PURGE)

    of_job = admin.get(f"{RUNS}?job={PURGE}").json
    assert [(run["state"], run["by_hand"]) for run in of_job["results"]] == [
        ("done", True),
        ("done", False),
        ("skipped", False),
    ]
    everything = admin.get(f"{RUNS}?page_size=100").json["results"]
    moments = [run["tick_at"] for run in everything]
    assert moments == sorted(moments, reverse=True)
    pages = [admin.get(f"{RUNS}?page_size=5&page={n}").json["results"] for n in (1, 2)]
    assert pages == [everything[:5], everything[5:10]]
    assert {run["state"] for run in admin.get(f"{RUNS}?state=skipped").json["results"]} == {
        "skipped"
    }


@pytest.mark.parametrize(
    ("url", "field"),
    [
        (f"{RUNS}?job=nonsense", "job"),
        (f"{RUNS}?state=over", "state"),
        (f"{RUNS}?page=0", "page"),
        (f"{JOBS}?page_size=101", "page_size"),
        (f"{JOBS}?job=check_sla", "job"),
    ],
)
def test_a_bad_query_is_refused(admin, url, field):
    answer = admin.get(url)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize("url", [JOBS, RUNS])
def test_only_administrators_see_them(ada, client, url):
    assert client.get(url).status_code == 401
    assert ada.get(url).status_code == 403


def test_an_operator_lists_runs_and_looks_back(purged, flask):
    listed = flask("list").output
    tomorrow = (DAWN + timedelta(days=1)).date()
    assert re.search(rf"{PURGE} +0 3 \* \* \* +next {tomorrow} 03:00\n", listed)
    assert f"{DAWN.date()} 03:00 done in 0.0 s: 0 expired sessions deleted" in listed
    assert all(entry.name in listed and entry.description in listed for entry in TABLE)

    assert flask("run", PURGE).output == "0 expired sessions deleted\n"
    history = flask("history", PURGE, "--limit", "2").output.splitlines()
    assert [line.split()[0] for line in history] == [PURGE, PURGE]
    assert "by hand done" in history[0]
    assert len(flask("history").output.splitlines()) > len(TABLE)
    assert flask("history", "nonsense").exit_code == 2
    assert flask("run", "nonsense").exit_code == 2


def test_times_are_those_of_the_service(app, admin, purged, flask, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"SERVICE_TIMEZONE": "Asia/Tokyo"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)

    (job,) = (job for job in admin.get(JOBS).json["results"] if job["name"] == PURGE)

    assert job["next_at"] == clock.iso(DAWN.replace(hour=18, minute=0, second=0))
    assert f"next {(DAWN + timedelta(days=1)).date()} 03:00" in flask("list").output


def test_a_job_that_fails_in_the_foreground_says_so_and_is_not_tried_again(
    admin, flask, monkeypatch
):
    def fail():
        raise ValueError("no luck")

    monkeypatch.setitem(BY_NAME, "check_sla", Entry(fail, Moments(), Missed.LATEST))

    result = flask("run", "check_sla")

    assert isinstance(result.exception, ValueError)
    (run,) = admin.get(f"{RUNS}?job=check_sla").json["results"]
    assert (run["state"], run["error"], run["by_hand"]) == ("failed", "ValueError: no luck", True)
    assert "failed in" in flask("history").output


def test_a_run_by_hand_stands_for_no_moment_of_the_job(app, flask, monkeypatch):
    """What was missed is still made up for when beat is back, and it may run at any time."""
    monkeypatch.setattr(clock, "now", lambda: DAWN)
    with app.app_context():
        jobs.tick.run("sync_task_logs")
    noon = DAWN.replace(hour=12, minute=0) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: noon)

    assert [flask("run", "sync_task_logs").exit_code for _ in range(2)] == [0, 0]
    with app.app_context():
        assert jobs.tick.run("sync_task_logs") == f"sync_task_logs of {noon.date()} 00:00 UTC done"
