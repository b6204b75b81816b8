from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.tasks import jobs, sla
from tests.api.conftest import TASKS, at_once, events_of

OPEN = ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW"]
CLOSED = ["DONE", "CANCELLED", "ARCHIVED"]
FUTURE, PAST = "2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"

OVERDUE = """
INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,
                   reporter_id, due_at, due_date_only, sla_breached, version, created_at,
                   updated_at)
SELECT 'Late', '', 'REVIEW', 'LOW', :project, :board, 'a' || lpad(n::text, 6, '0') || 'V',
       :person, now() - interval '1 day', false, false, 1, now(), now()
FROM generate_series(1, :count) AS n
"""


@pytest.fixture
def check(app):
    """Runs the job as beat does; answers what it says."""

    def run():
        with app.app_context():
            return jobs.check_sla()

    return run


@pytest.fixture
def later(monkeypatch):
    """Turns the clock."""

    def turn(**difference):
        moment = datetime.now(UTC) + timedelta(**difference)
        monkeypatch.setattr(clock, "now", lambda: moment)

    return turn


@pytest.fixture
def project(make_project, ada, bob):
    return make_project(ada, {bob: "MEMBER"})


def soon(**difference):
    return clock.iso(datetime.now(UTC) + timedelta(**difference))


def flag(person, task):
    return person.get(f"{TASKS}{task['id']}/").json["sla_breached"]


def breaches(person, task):
    """How often the flag went up."""
    changes = [event["changes"].get("sla_breached") for event in events_of(person, task["id"])]
    return changes.count([False, True])


def report(person):
    found = person.get("/api/v1/reports/insight/").json
    listed = person.get(f"{TASKS}?sla_breached=true").json
    assert listed["count"] == len(listed["results"])
    return found["sla_breached"], listed["count"], found["overdue"]


def test_time_alone_makes_a_breach_of_every_open_task_and_of_no_closed_one(
    ada, project, check, later
):
    inside = {s: project.task(status=s, due_date=soon(minutes=30)) for s in OPEN + CLOSED}
    outside = {s: ada.create_task(status=s, due_date=soon(minutes=30)) for s in OPEN + CLOSED}
    undated = project.task()

    assert check() == "0 tasks breached their SLA, 0 no longer do"
    later(minutes=31)
    assert check() == "8 tasks breached their SLA, 0 no longer do"

    for status in OPEN + CLOSED:
        for task in (inside[status], outside[status]):
            assert flag(ada, task) == (status in OPEN)
            assert breaches(ada, task) == (status in OPEN)
    assert not flag(ada, undated)
    assert report(ada) == (8, 8, 8)
    event = events_of(ada, inside["REVIEW"]["id"])[0]
    assert (event["type"], event["actor"], event["version"]) == ("task.sla_breached", None, 2)
    assert event["changes"] == {"sla_breached": [False, True]}


def test_each_breach_is_one_event_however_often_the_job_runs(
    ada, project, check, later, wrong_counts
):
    tasks = [project.task(due_date=soon(minutes=5)) for _ in range(30)]
    later(minutes=6)

    said = at_once([check] * 4)
    check()

    assert sum(int(each.split()[0]) for each in said) == 30
    assert [breaches(ada, task) for task in tasks] == [1] * 30
    assert {ada.get(f"{TASKS}{task['id']}/").json["version"] for task in tasks} == {2}
    assert wrong_counts() == 0


def test_a_breach_ends_when_the_date_moves_or_the_task_closes(ada, project, check, later):
    later(minutes=-10)
    tasks = [project.task(due_date=soon(minutes=-5)) for _ in range(5)]
    later()
    check()
    assert report(ada)[:2] == (5, 5)

    bodies = [{"due_date": FUTURE}, {"due_date": None}, *({"status": s} for s in CLOSED)]
    for task, body in zip(tasks, bodies, strict=True):
        answer = ada.patch(f"{TASKS}{task['id']}/", json=body)
        assert answer.json["sla_breached"] is False, body
        assert answer.json["version"] == 3
    assert report(ada)[:2] == (0, 0)
    assert check() == "0 tasks breached their SLA, 0 no longer do"


def test_a_task_reopened_too_late_is_in_breach_again(ada, project, check):
    task = project.task(due_date=FUTURE, status="DONE")
    path = f"{TASKS}{task['id']}/"
    ada.patch(path, json={"due_date": PAST})
    assert not flag(ada, task)

    for status in ("REVIEW", "DONE", "TODO"):
        ada.post(f"{path}move/", json={"status": status})
        assert flag(ada, task) == (status != "DONE")
        check()
        assert flag(ada, task) == (status != "DONE")

    assert breaches(ada, task) == 2


def test_a_date_in_the_past_is_a_breach_at_once_and_the_job_adds_nothing(ada, project, check):
    moved, late = project.task(), project.task(due_date=PAST)

    assert late["sla_breached"]
    assert ada.patch(f"{TASKS}{moved['id']}/", json={"due_date": PAST}).json["sla_breached"]
    check()

    assert (breaches(ada, moved), len(events_of(ada, moved["id"]))) == (1, 2)
    assert len(events_of(ada, late["id"])) == 1


def test_other_changes_leave_the_flag_alone(ada, project, check, rows):
    task = project.task()
    rows("UPDATE tasks SET due_at = now() - interval '1 hour'")
    path = f"{TASKS}{task['id']}/"

    check()
    answer = ada.patch(path, json={"title": "y", "due_date": ada.get(path).json["due_date"]})

    assert answer.json["sla_breached"]
    assert breaches(ada, task) == 1


def test_the_switch_of_a_project_is_caught_up_with_by_the_job(ada, bob, project, check):
    task, outside = project.task(due_date=PAST), ada.create_task(due_date=PAST)
    project.change(tracks_sla=False)

    assert check() == "0 tasks breached their SLA, 1 no longer do"
    assert (flag(bob, task), flag(ada, outside)) == (False, True)
    another = project.task(due_date=PAST)
    assert not another["sla_breached"]
    assert check() == "0 tasks breached their SLA, 0 no longer do"
    project.change(tracks_sla=True)
    assert check() == "2 tasks breached their SLA, 0 no longer do"
    assert breaches(ada, task) == breaches(ada, another) == 1


def test_moving_to_a_project_that_does_not_track_ends_the_breach(ada, project, make_project):
    other = make_project(ada)
    other.change(tracks_sla=False)
    task = project.task(due_date=PAST)
    path = f"{TASKS}{task['id']}/"

    for board, breached in [(other.board_id, False), (project.board_id, True), (None, True)]:
        assert ada.patch(path, json={"board": board}).json["sla_breached"] is breached
    moved = ada.patch(path, json={"board": other.board_id, "due_date": "2021-01-01"}).json
    assert moved["sla_breached"] is False


def test_archived_projects_and_deleted_tasks_stay_as_they_are(ada, project, check, later):
    kept, gone = project.task(due_date=soon(minutes=5)), ada.create_task(due_date=soon(minutes=5))
    breached = project.task(due_date=PAST)
    ada.delete(f"{TASKS}{gone['id']}/")
    project.change(is_archived=True, tracks_sla=False)
    later(minutes=6)

    assert check() == "0 tasks breached their SLA, 0 no longer do"
    assert (flag(ada, kept), flag(ada, breached)) == (False, True)
    project.change(is_archived=False, tracks_sla=True)
    assert check() == "1 tasks breached their SLA, 0 no longer do"
    ada.post(f"{TASKS}{gone['id']}/restore/")
    check()
    assert (flag(ada, gone), breaches(ada, gone)) == (True, 1)


def test_more_than_one_batch(ada, bob, project, check, rows, monkeypatch):
    for module in (sla, jobs):
        monkeypatch.setattr(module, "BATCH", 50)
    values = {"project": project.id, "board": project.board_id, "person": ada.id}
    rows(OVERDUE, **values, count=230)

    said = at_once([check] * 3)

    assert sum(int(each.split()[0]) for each in said) == 230
    assert bob.get("/api/v1/reports/insight/").json["sla_breached"] == 230
    events = rows("SELECT task_id, count(*) FROM events WHERE task_id IS NOT NULL GROUP BY 1")
    assert sorted(number for _, number in events) == [1] * 230
    project.change(tracks_sla=False)
    assert check() == "0 tasks breached their SLA, 230 no longer do"


def test_a_job_of_exactly_one_batch_ends(project, ada, check, rows, monkeypatch):
    for module in (sla, jobs):
        monkeypatch.setattr(module, "BATCH", 5)
    rows(OVERDUE, project=project.id, board=project.board_id, person=ada.id, count=5)

    assert check() == "5 tasks breached their SLA, 0 no longer do"


def test_the_job_leaves_to_others_what_they_have_in_hand(ada, project, check, later):
    tasks = [project.task(due_date=soon(minutes=5)) for _ in range(10)]
    later(minutes=6)

    def close():
        return [ada.patch(f"{TASKS}{t['id']}/", json={"status": "DONE"}) for t in tasks]

    answers, *_ = at_once([close, check, check])
    check()

    assert {answer.status_code for answer in answers} == {200}
    assert not any(flag(ada, task) for task in tasks)
    assert report(ada) == (0, 0, 0)


def test_the_job_can_be_run_by_hand(app, ada, project, later):
    task = project.task(due_date=soon(minutes=5))
    later(minutes=6)

    result = app.test_cli_runner().invoke(args=["jobs", "run", "check_sla"])

    assert (result.exit_code, result.output) == (0, "1 tasks breached their SLA, 0 no longer do\n")
    assert flag(ada, task)


def test_who_sees_a_breach_in_lists_and_reports(ada, bob, eve, admin, project):
    project.task(due_date=PAST)
    ada.create_task(due_date=PAST, assignee=eve.id)
    project.task(due_date=PAST, status="DONE")

    seen = {person.username: report(person) for person in (ada, bob, eve, admin)}

    assert seen == {"ada": (2, 2, 2), "bob": (1, 1, 1), "eve": (1, 1, 1), "root": (2, 2, 2)}
    project.remove(bob)
    assert report(bob) == (0, 0, 0)
