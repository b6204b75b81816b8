import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.core.db import snapshot, unit_of_work
from app.reports.cli import reports
from app.reports.models import TaskCount
from app.reports.queries import miscounted

INSIGHT = "/api/v1/reports/insight/"
TASKS = "/api/v1/tasks/"
STATUSES = ("BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE", "CANCELLED", "ARCHIVED")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
OPEN = STATUSES[:4]
DOCUMENTED = {
    "total",
    "completed",
    "pending",
    "tasks_by_priority",
    "tasks_by_status",
    "tasks_assigned",
    "tasks_created",
    "tasks_due_soon",
}


def visible_tasks(person):
    """Every task the person sees, read through the list."""
    path, found = f"{TASKS}?page_size=100", []
    while path:
        page = person.get(path).json
        found += page["results"]
        path = page["next"]
    return found


def recounted(tasks, names):
    """The report as it follows from the tasks themselves."""
    now = datetime.now(UTC)
    dues = [
        datetime.fromisoformat(t["due_date"])
        for t in tasks
        if t["due_date"] and t["status"] in OPEN
    ]
    status = Counter(t["status"] for t in tasks)
    priority = Counter(t["priority"] for t in tasks)
    return {
        "total": len(tasks),
        "completed": status["DONE"],
        "pending": status["BACKLOG"] + status["TODO"],
        "tasks_by_priority": {name: priority[name] for name in PRIORITIES},
        "tasks_by_status": {name: status[name] for name in STATUSES},
        "tasks_assigned": dict(Counter(names[t["assignee"]] for t in tasks if t["assignee"])),
        "tasks_created": dict(Counter(names[t["reporter"]] for t in tasks)),
        "tasks_due_soon": sum(now <= due < now + timedelta(hours=24) for due in dues),
        "overdue": sum(due < now for due in dues),
        "sla_breached": sum(t["sla_breached"] for t in tasks),
        "completion_rate": round(status["DONE"] / len(tasks), 4) if tasks else 0.0,
    }


def counters_are_right(app):
    with app.app_context(), snapshot() as session:
        return miscounted(session) == 0


def test_an_empty_report_has_every_key(ada):
    report = ada.get(INSIGHT).json

    assert set(report) >= DOCUMENTED
    assert report == recounted([], {})


def random_body(chance, people):
    fields = {
        "title": "x",
        "status": chance.choice(STATUSES),
        "priority": chance.choice(PRIORITIES),
        "assignee": chance.choice([None, *(person.id for person in people)]),
        "due_date": chance.choice([None, *(due(hours) for hours in (-30, -1, 1, 23, 25))]),
    }
    return {name: fields[name] for name in fields if name == "title" or chance.random() < 0.7}


def due(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def operate(chance, people, known):
    """One random write by a random person, also where that person may not; None is no 5xx."""
    person = chance.choice(people)
    path = f"{TASKS}{chance.choice(known)}/" if known else None
    kind = chance.choice(["create", "create", "patch", "patch", "put", "delete", "restore"])
    if kind == "create" or path is None:
        answer = person.post(TASKS, json=random_body(chance, people))
        known.append(answer.json["id"])
    elif kind in ("patch", "put"):
        answer = getattr(person, kind)(path, json=random_body(chance, people))
    elif kind == "delete":
        answer = person.delete(path)
    else:
        answer = person.post(f"{path}restore/")
    assert answer.status_code in (200, 201, 204, 403, 404, 409), answer.text


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_anything_that_happened_the_report_is_a_recount(app, ada, bob, eve, admin, seed):
    chance, known = random.Random(seed), []
    people = [ada, bob, eve, admin]
    names = {person.id: person.username for person in people}

    for _ in range(6):
        for _ in range(12):
            operate(chance, people, known)
        for person in people:
            assert person.get(INSIGHT).json == recounted(visible_tasks(person), names)

    assert counters_are_right(app)


def test_a_report_counts_only_what_its_reader_sees(ada, bob, eve, admin):
    ada.create_task()
    ada.create_task(assignee=bob.id, status="DONE")
    bob.create_task(assignee=bob.id)

    totals = {p.username: p.get(INSIGHT).json["total"] for p in (ada, bob, eve, admin)}

    assert totals == {"ada": 2, "bob": 2, "eve": 0, "root": 3}
    assert ada.get(INSIGHT).json["tasks_created"] == {"ada": 2}
    assert ada.get(INSIGHT).json["tasks_assigned"] == {"bob": 1}
    assert bob.get(INSIGHT).json["tasks_created"] == {"ada": 1, "bob": 1}
    assert admin.get(INSIGHT).json["tasks_assigned"] == {"bob": 2}


def test_due_soon_is_the_next_day_and_nothing_that_is_over_or_done(ada):
    for hours in (-1, 1, 23, 25):
        ada.create_task(due_date=due(hours))
    ada.create_task(due_date=due(1), status="DONE")

    report = ada.get(INSIGHT).json

    assert (report["tasks_due_soon"], report["overdue"]) == (2, 1)


def test_a_counter_that_is_wrong_is_found(app, ada):
    ada.create_task()
    runner = app.test_cli_runner()

    right = runner.invoke(reports, ["check"])
    with app.app_context(), unit_of_work() as session:
        session.execute(update(TaskCount).values(tasks=TaskCount.tasks + 1))
    wrong = runner.invoke(reports, ["check"])

    assert (right.exit_code, wrong.exit_code) == (0, 1)
