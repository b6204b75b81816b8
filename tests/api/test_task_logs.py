"""The daily log of the tasks: written once a day, read by who sees the task."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import unit_of_work
from app.extensions import db
from app.task_logs import jobs, service
from benchmarks.dataset import ANALYZE, load_tasks
from benchmarks.plans import explain, recorded, sequential_scans
from tests.api.conftest import TASKS, at_once

LOGS = f"{TASKS}logs/"
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """Real time goes on beyond midnight in the middle of a test."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def sync(app):
    """Runs the job as beat does; answers what it says."""

    def run():
        with app.app_context():
            return jobs.sync_task_logs(clock.now())

    return run


@pytest.fixture
def later(monkeypatch):
    """Turns the clock."""

    def turn(**difference):
        monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(**difference))

    return turn


def logged(person, query=""):
    answer = person.get(f"{LOGS}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json["count"] == len(answer.json["results"])
    return [(row["date"], row["task"]) for row in answer.json["results"]]


def test_every_task_is_logged_as_it_is_that_day(ada, bob, sync):
    task = ada.create_task(
        title="Write", priority="HIGH", assignee=bob.id, due_date="2036-03-31T12:00:00Z"
    )

    assert sync() == f"1 tasks logged for {TODAY}"
    ada.patch(f"{TASKS}{task['id']}/", json={"title": "Changed", "status": "DONE"})

    (row,) = ada.get(LOGS).json["results"]
    assert row.pop("logged_at") >= task["created_at"]
    assert row == {
        "date": str(TODAY),
        "task": task["id"],
        "title": "Write",
        "status": task["status"],
        "priority": "HIGH",
        "assignee": bob.id,
        "reporter": ada.id,
        "due_date": "2036-03-31T12:00:00.000Z",
        "created_at": task["created_at"],
    }


def test_running_twice_adds_nothing_and_changes_nothing(ada, sync, rows):
    for status in ("TODO", "DONE", "CANCELLED"):
        ada.create_task(status=status)
    gone = ada.create_task()
    ada.delete(f"{TASKS}{gone['id']}/")

    assert sync() == f"3 tasks logged for {TODAY}"
    before = rows("SELECT * FROM task_logs ORDER BY task_id")
    assert sync() == f"0 tasks logged for {TODAY}"

    assert rows("SELECT * FROM task_logs ORDER BY task_id") == before
    assert len(before) == 3


def test_with_no_task_nothing_is_logged(app, sync):
    assert sync() == f"0 tasks logged for {TODAY}"


def test_each_day_has_a_row_and_a_missed_one_has_none(ada, sync, later):
    task = ada.create_task()
    for days in (0, 1, 3):
        later(days=days)
        sync()
    later(minutes=0)

    days = [str(TODAY + timedelta(days=n)) for n in (3, 1, 0)]
    assert logged(ada) == [(days[2], task["id"])]
    assert logged(ada, f"?task={task['id']}") == [(day, task["id"]) for day in days]
    assert logged(ada, f"?date={days[1]}") == [(days[1], task["id"])]
    assert logged(ada, f"?date={TODAY + timedelta(days=2)}") == []


def test_the_day_is_one_of_the_services_time_zone(app, ada, sync, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"SERVICE_TIMEZONE": "Pacific/Kiritimati"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    task = ada.create_task()

    assert sync() == "1 tasks logged for 2026-04-01"
    assert logged(ada) == [("2026-04-01", task["id"])]


def test_several_at_once_log_each_task_once(ada, sync, rows, monkeypatch):
    for module in (service, jobs):
        monkeypatch.setattr(module, "BATCH", 7)
    for _ in range(40):
        ada.create_task()

    said = at_once([sync] * 4)

    assert sum(int(each.split()[0]) for each in said) == 40
    assert rows("SELECT count(*), count(DISTINCT task_id) FROM task_logs") == [(40, 40)]


def test_killed_in_the_middle_it_is_completed_by_the_next_run(app, ada, sync, rows, monkeypatch):
    for module in (service, jobs):
        monkeypatch.setattr(module, "BATCH", 4)
    for _ in range(10):
        ada.create_task()
    with app.app_context(), unit_of_work() as session:
        service.log_batch(session, TODAY, clock.now(), after=0)

    def die_before_the_commit():
        with app.app_context(), unit_of_work() as session:
            service.log_batch(session, TODAY, clock.now(), after=4)
            raise SystemExit

    with pytest.raises(SystemExit):
        die_before_the_commit()

    assert sync() == f"6 tasks logged for {TODAY}"
    assert rows("SELECT count(*) FROM task_logs") == [(10,)]


def test_who_sees_the_task_now_sees_its_logs(ada, bob, eve, admin, make_project, sync):
    project = make_project(ada, {bob: "MEMBER"})
    inside, outside = project.task(), ada.create_task(assignee=eve.id)
    gone = ada.create_task()
    sync()
    ada.delete(f"{TASKS}{gone['id']}/")

    def seen(person, query=""):
        return {task for _, task in logged(person, query)}

    both = {inside["id"], outside["id"]}
    assert (seen(ada), seen(admin)) == (both, both)
    assert (seen(bob), seen(eve)) == ({inside["id"]}, {outside["id"]})
    assert seen(bob, f"?task={outside['id']}") == seen(ada, f"?task={gone['id']}") == set()
    project.remove(bob)
    ada.patch(f"{TASKS}{outside['id']}/", json={"assignee": None})
    assert seen(bob) == seen(eve) == set()
    ada.post(f"{TASKS}{gone['id']}/restore/")
    assert seen(ada) == both | {gone["id"]}


@pytest.mark.parametrize("of", ["day", "task"])
def test_pages_lead_to_every_row_once_and_back(ada, sync, later, of):
    tasks = [ada.create_task()["id"] for _ in range(7)]
    for days in range(7):
        later(days=days)
        sync()
    later(minutes=0)
    if of == "day":
        expected, query = [(str(TODAY), task) for task in tasks[::-1]], ""
    else:
        days = (str(TODAY + timedelta(days=n)) for n in reversed(range(7)))
        expected, query = [(day, tasks[2]) for day in days], f"&task={tasks[2]}"

    found, pages, url = [], [], f"{LOGS}?page_size=3{query}"
    while url:
        page = ada.get(url).json
        assert (page["count"], page["count_is_exact"]) == (7, True)
        pages.append([(row["date"], row["task"]) for row in page["results"]])
        found += pages[-1]
        last, url = page, page["next"]
    assert found == expected
    back = ada.get(last["previous"]).json
    assert [(row["date"], row["task"]) for row in back["results"]] == pages[-2]
    assert ada.get(back["previous"]).json["previous"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date=yesterday", "date"),
        ("date=2026-W14-2", "date"),
        ("date=20260331", "date"),
        ("date=", "date"),
        ("task=x", "task"),
        ("task=0", "task"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("cursor=x", "cursor"),
        ("day=2026-03-31", "day"),
    ],
)
def test_a_bad_query_is_refused_with_the_name_of_the_parameter(ada, query, field):
    answer = ada.get(f"{LOGS}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_it_can_be_run_by_hand(app, ada):
    ada.create_task()

    result = app.test_cli_runner().invoke(args=["jobs", "run", "sync_task_logs"])

    assert (result.exit_code, result.output) == (0, f"1 tasks logged for {TODAY}\n")


@pytest.mark.timeout(180)
def test_a_hundred_thousand_tasks_take_seconds_and_pages_come_from_an_index(
    app, ada, admin, eve, sync, rows, later
):
    with app.app_context():
        load_tasks(db.session(), ada.id, tasks=100_000, described=False)
        db.session.commit()
    # The database has a clock of its own.
    really = datetime.now(UTC)
    later(seconds=(really - NOON).total_seconds())
    started = time.perf_counter()
    assert sync() == f"100000 tasks logged for {really.date()}"
    took = time.perf_counter() - started
    later(seconds=0)
    rows(
        "INSERT INTO task_logs SELECT day - n, task_id, title, status, priority, assignee_id,"
        " reporter_id, due_at, created_at, logged_at FROM task_logs, generate_series(1, 3) AS n"
    )
    with app.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in (*ANALYZE, "ANALYZE task_logs"):
                connection.execute(text(statement))
        print(f"written in {took:.1f} s")
        assert took < 30
        day = really.date() - timedelta(days=2)
        for person in (ada, admin, eve):
            for query in ("", f"?date={day}", "?task=77", f"?date={day}&task=77"):
                with recorded(db.engine) as queries:
                    assert person.get(f"{LOGS}{query}").status_code == 200
                for statement, values in queries.statements:
                    if "FROM task_logs" not in statement:
                        continue
                    plan = explain(db.engine, statement, values)
                    print(f"{person.username:5} {query:25} {plan['Execution Time']:7.1f} ms")
                    if "count(" not in statement:
                        assert not sequential_scans(plan, "task_logs"), (person.username, query)
                    assert plan["Execution Time"] < 2000
