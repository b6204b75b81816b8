"""With 100,000 tasks no list reads the whole table, and no page costs more queries than another."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from app.extensions import db
from app.reports.queries import miscounted
from benchmarks.dataset import ANALYZE, load_tasks, word
from benchmarks.plans import explain, recorded, sequential_scans

TASKS = 100_000
DAY = "2026-01-15"


@pytest.fixture
def loaded(app, ada) -> Iterator[None]:
    with app.app_context():
        load_tasks(db.session(), ada.id, tasks=TASKS)
        db.session.execute(text(f"UPDATE tasks SET created_at = '{DAY}T12:00:00Z' WHERE id <= 50"))
        db.session.execute(text("UPDATE tasks SET completed_at = created_at WHERE status = 'DONE'"))
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in ANALYZE:
                connection.execute(text(statement))
        assert miscounted(db.session()) == 0


# Two words of medium frequency, as the benchmark searches for them.
SEARCHED = f"{word(60)}+{word(100)}"
PATHS = [
    "/api/v1/tasks/",
    "/api/v1/tasks/?overdue=true&ordering=due_date",
    "/api/v1/tasks/?due_date_gte=2026-01-01&due_date_lte=2026-01-02&ordering=due_date",
    "/api/v1/tasks/?sla_breached=true",
    "/api/v1/tasks/?project=3&status=TODO,REVIEW",
    "/api/v1/tasks/?board=3&status=TODO&ordering=position",
    f"/api/v1/tasks/?search={SEARCHED}",
    f"/api/v1/tasks/?search={SEARCHED}&status=TODO&ordering=-created_at",
    "/api/v1/boards/3/",
    "/api/v1/tasks/mine/",
    f"/api/v1/tasks/by-date/{DAY}/",
    "/api/v1/reports/insight/",
    "/api/v1/reports/insight/?over_time=true",
]
# What only the reader of a part of the tasks can be given from an index. Who sees everything and
# sorts it by priority, or counts the seventh part that is done, reads everything.
PATHS_OF_ONE_PERSON = ["/api/v1/tasks/?status=DONE", "/api/v1/tasks/?ordering=-priority,due_date"]


@pytest.mark.timeout(180)
def test_no_list_reads_the_whole_table(app, ada, admin, loaded):
    wanted = [(ada, path) for path in PATHS + PATHS_OF_ONE_PERSON] + [(admin, p) for p in PATHS]
    readers = []
    with app.app_context():
        for person, path in wanted:
            with recorded(db.engine) as queries:
                assert person.get(path).status_code == 200
            for statement, values in queries.statements:
                if not statement.lstrip().startswith("SELECT") or "tasks" not in statement:
                    continue
                if _counts_everything(statement, person.username, path):
                    continue
                plan = explain(db.engine, statement, values)
                print(f"{person.username:5} {path:80} {plan['Execution Time']:7.1f} ms")
                if "search=" in path:
                    assert "ix_tasks_search" in json.dumps(plan), path
                if sequential_scans(plan, "tasks"):
                    readers.append((person.username, path, statement))
    assert readers == []


def _counts_everything(statement: str, username: str, path: str) -> bool:
    """The total of an administrator's whole list is a count of all rows, however it is made."""
    return username == "root" and path == "/api/v1/tasks/" and "count(" in statement


def test_the_number_of_queries_does_not_grow_with_the_page(app, ada):
    for _ in range(12):
        ada.create_task()
    counts = []
    with app.app_context():
        for size in (1, 5, 12):
            with recorded(db.engine) as queries:
                assert len(ada.get(f"/api/v1/tasks/?page_size={size}").json["results"]) == size
            counts.append(len(queries.statements))
    assert len(set(counts)) == 1
    assert counts[0] <= 3
