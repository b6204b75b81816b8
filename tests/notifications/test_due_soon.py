"""The mail at 10:00 about what is due within a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.extensions import db
from app.tasks import due_soon, jobs
from benchmarks.dataset import ANALYZE, load_tasks
from benchmarks.plans import explain, recorded, sequential_scans
from tests.workers.support import answer, deliver_all, deliveries, events, execute, relay

TASKS = "/api/v1/tasks/"
NONE = "0 reminders of tasks that are due within 24 hours"
ONE = "1 reminders of tasks that are due within 24 hours"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def noon(turn):
    """Far from midnight, so that a test's hours lie in one day."""
    turn()


@pytest.fixture
def turn(monkeypatch):
    def to(**difference):
        moment = NOON + timedelta(**difference)
        monkeypatch.setattr(clock, "now", lambda: moment)

    return to


@pytest.fixture
def remind(app):
    """Runs the job as beat does; answers what it says."""

    def run():
        with app.app_context():
            return jobs.send_notifications_at_10_am()

    return run


def due(**difference):
    return clock.iso(NOON + timedelta(**difference))


def reminders(app):
    return [event for event in events(app) if event.type == "task.due_soon"]


def reminded(mails):
    return [mail for mail in mails() if mail["Subject"].startswith("Due soon")]


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def test_the_assignee_is_told_what_is_due_within_a_day(app, ada, bob, remind, mails):
    ada.create_task(title="Pay <b>rent</b>", assignee=bob.id, due_date=due(hours=5))

    assert remind() == ONE
    deliver_all(app)

    (mail,) = reminded(mails)
    assert (mail["To"], mail["Subject"]) == ("bob <bob@example.com>", "Due soon: Pay <b>rent</b>")
    assert "A task that is assigned to you is due within a day." in text_of(mail)
    assert f"{NOON + timedelta(hours=5):%a %d %b %Y, %H:%M} (UTC)" in text_of(mail)
    assert "Pay &lt;b&gt;rent&lt;/b&gt;" in text_of(mail, "html")
    assert "due within a day" in text_of(mail, "html")


@pytest.mark.parametrize(
    ("distance", "told"),
    [
        ({"seconds": -1}, False),
        ({"seconds": 1}, True),
        ({"hours": 24}, True),
        ({"hours": 24, "seconds": 1}, False),
    ],
)
def test_the_day_begins_now_and_has_24_hours(ada, remind, distance, told):
    ada.create_task(assignee=ada.id, due_date=due(**distance))

    assert remind() == (ONE if told else NONE)


@pytest.mark.parametrize(
    ("status", "told"),
    [(s, True) for s in ("BACKLOG", "TODO", "IN_PROGRESS", "REVIEW")]
    + [(s, False) for s in ("DONE", "CANCELLED", "ARCHIVED")],
)
def test_only_what_is_open_is_told(ada, remind, status, told):
    ada.create_task(assignee=ada.id, due_date=due(hours=5), status=status)

    assert remind() == (ONE if told else NONE)


def test_nobody_is_told_of_what_is_nobodys_deleted_undated_or_of_an_archived_project(
    app, ada, remind
):
    ada.create_task(due_date=due(hours=5))
    ada.create_task(assignee=ada.id)
    gone = ada.create_task(assignee=ada.id, due_date=due(hours=5))
    ada.delete(f"{TASKS}{gone['id']}/")
    project = ada.post("/api/v1/projects/", json={"name": "P"}).json["id"]
    board = ada.get(f"/api/v1/boards/?project={project}").json["results"][0]["id"]
    ada.create_task(board=board, assignee=ada.id, due_date=due(hours=5))
    execute(app, "UPDATE projects SET is_archived = true WHERE id = :id", id=project)

    assert remind() == NONE
    execute(app, "UPDATE projects SET is_archived = false WHERE id = :id", id=project)
    assert remind() == ONE
    (event,) = reminders_after_relay(app)
    assert event.project_id == project


def reminders_after_relay(app):
    relay(app)
    return reminders(app)


@pytest.mark.parametrize("change", ["is_active = false", "email = NULL"])
def test_who_cannot_be_mailed_is_not_reminded(app, ada, bob, remind, change):
    ada.create_task(assignee=bob.id, due_date=due(hours=5))
    execute(app, f"UPDATE users SET {change} WHERE id = :id", id=bob.id)

    assert remind() == NONE


def test_once_per_task_and_day_however_often_it_runs(app, ada, remind, mails, turn):
    ada.create_task(assignee=ada.id, due_date=due(hours=20))

    assert [remind() for _ in range(3)] == [ONE, NONE, NONE]
    turn(hours=3)
    assert remind() == NONE
    deliver_all(app)
    assert len(reminded(mails)) == 1
    # The next day, when it still is due.
    turn(hours=19)
    assert [remind() for _ in range(2)] == [ONE, NONE]
    deliver_all(app)
    assert len(reminded(mails)) == 2


def test_the_day_is_one_of_the_services_time_zone(app, ada, remind, turn, change_settings):
    change_settings(SERVICE_TIMEZONE="Pacific/Auckland")
    ada.create_task(assignee=ada.id, due_date=due(hours=20))

    turn(hours=-2)  # 10:00 UTC is 22:00 or 23:00 there.
    assert remind() == ONE
    turn(hours=2)  # Past midnight there.
    assert remind() == ONE
    assert remind() == NONE


def test_a_restarted_reminder_and_several_at_once_tell_each_task_once(
    app, ada, bob, remind, monkeypatch
):
    monkeypatch.setattr(due_soon, "BATCH", 7)
    for number in range(40):
        ada.create_task(assignee=bob.id, due_date=due(hours=1, minutes=number // 5))

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: remind(), range(4)))

    assert sum(int(each.split()[0]) for each in said) == 40
    relay(app)
    told = [event.task_id for event in reminders(app)]
    assert sorted(told) == sorted(set(told))
    assert len(told) == 40
    ids = {event.id for event in reminders(app)}
    assert len([each for each in deliveries(app) if each.event_id in ids]) == 40


def test_killed_between_two_batches_it_goes_on_where_it_was(app, ada, remind, monkeypatch):
    monkeypatch.setattr(due_soon, "BATCH", 4)
    for _ in range(10):
        ada.create_task(assignee=ada.id, due_date=due(hours=5))
    batches, batch = [], jobs.remind_batch

    def die_in_the_third(session, **place):
        batches.append(place)
        found = batch(session, **place)
        if len(batches) == 3:
            raise SystemExit
        return found

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "remind_batch", die_in_the_third)
        with pytest.raises(SystemExit):
            remind()

    assert remind() == "2 reminders of tasks that are due within 24 hours"
    relay(app)
    assert len({event.task_id for event in reminders(app)}) == len(reminders(app)) == 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "DONE"}, "the task is closed"),
        ({"due_date": due(hours=9)}, "the due date has been moved"),
        ({"assignee": None}, "the user may not see the task any more"),
    ],
)
def test_what_is_no_longer_so_is_not_mailed(app, ada, bob, remind, mails, change, reason):
    task = ada.create_task(assignee=bob.id, due_date=due(hours=5))
    remind()
    relay(app)
    (event,) = reminders(app)
    (owed,) = (each for each in deliveries(app) if each.event_id == event.id)
    assert ada.patch(f"{TASKS}{task['id']}/", json=change).status_code == 200

    for each in deliveries(app, state="pending"):
        answer(app, each.id)

    assert reminded(mails) == []
    (dropped,) = deliveries(app, id=owed.id)
    assert (dropped.state, dropped.last_error) == ("dropped", reason)


def test_a_reminder_changes_nothing_of_the_task_and_reaches_no_socket(app, ada, admin, remind):
    task = ada.create_task(assignee=ada.id, due_date=due(hours=5))
    path = f"{TASKS}{task['id']}/"
    history = ada.get(f"{path}history/").json
    with app.app_context():
        heads = db.session.execute(text("SELECT kind, ref_id, last_seq FROM streams")).all()

    remind()

    assert ada.get(path).json == task
    assert ada.get(f"{path}history/").json == history
    with app.app_context():
        assert db.session.execute(text("SELECT kind, ref_id, last_seq FROM streams")).all() == heads
    (entry,) = admin.get("/api/v1/audit/logs/?action=due_soon").json["results"]
    assert (entry["entity"], entry["task"], entry["actor"]) == ("task", task["id"], None)
    assert entry["changes"] == {}
    # It is not taken for a change that somebody has to know of.
    assert ada.patch(path, json={"title": "x"}, headers={"If-Match": '"v1"'}).status_code == 200
    stale = ada.patch(path, json={"title": "y"}, headers={"If-Match": '"v1"'})
    assert (stale.status_code, stale.json["conflicts"]) == (412, ["title"])


def test_it_can_be_run_by_hand(app, ada):
    ada.create_task(assignee=ada.id, due_date=due(hours=5))

    result = app.test_cli_runner().invoke(args=["jobs", "run", "send_notifications_at_10_am"])

    assert (result.exit_code, result.output) == (0, f"{ONE}\n")


@pytest.mark.timeout(180)
def test_a_hundred_thousand_tasks_are_not_read_for_it(app, ada, remind, monkeypatch):
    monkeypatch.setattr(due_soon, "BATCH", 200)
    with app.app_context():
        load_tasks(db.session(), ada.id, tasks=100_000, described=False)
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ANALYZE:
                connection.execute(text(statement))
        with recorded(db.engine) as queries:
            said = remind()
        asked = [
            (statement, values)
            for statement, values in queries.statements
            if statement.startswith("SELECT") and "FROM tasks" in statement
        ]
        # The first batch, and the last one, before which everything else has been told.
        for statement, values in (asked[0], asked[-1]):
            plan = explain(db.engine, statement, values)
            print(f"{said}: {plan['Execution Time']:.1f} ms")
            assert not sequential_scans(plan, "tasks")
            assert plan["Execution Time"] < 1000
    assert int(said.split()[0]) > due_soon.BATCH
    assert remind() == NONE
