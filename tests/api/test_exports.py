"""CSV exports of tasks: what is in them, for whom, and that they come back as they went."""

import csv
import io
import os

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import streams
from app.core.csv import inert, line, plain
from app.extensions import db
from tests.api.conftest import TASKS
from tests.api.importing import EXPORT, exported, imported

HEADER = [
    "id", "title", "description", "status", "priority", "assignee", "reporter", "project", "board",
    "due_date", "estimated_hours", "created_at", "updated_at", "completed_at", "sla_breached",
]  # fmt: skip
KEPT = (
    "title", "description", "status", "priority", "assignee", "board", "due_date",
    "estimated_hours", "created_at",
)  # fmt: skip


def test_every_column_is_there_and_says_what_the_api_says(ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    task = project.task(
        bob, title="One", description="two\nlines, \"quoted\"", assignee=ada.id, status="DONE",
        due_date="2020-03-31T17:00:00Z", estimated_hours=2.5,
    )  # fmt: skip

    answer = ada.get(EXPORT)
    (row,) = exported(ada)

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="tasks-20')
    assert next(csv.reader([answer.text.splitlines()[0]])) == HEADER
    assert (row["assignee"], row["reporter"]) == ("ada", "bob")
    same = {"title", "description", "status", "priority", "due_date", "created_at"}
    same |= {"updated_at", "completed_at"}
    assert {name: row[name] for name in same} == {name: task[name] for name in same}
    assert (row["id"], row["project"], row["board"]) == tuple(
        str(task[name]) for name in ("id", "project", "board")
    )
    assert (row["estimated_hours"], row["sla_breached"]) == ("2.5", "false")


def test_a_day_is_written_as_a_day_where_it_is_read_back_as_the_same_instant(ada, make_person):
    far = make_person("far", timezone="Asia/Tokyo")
    far.create_task(due_date="2030-01-02", assignee=ada.id)

    assert exported(far)[0]["due_date"] == "2030-01-02"
    assert exported(ada)[0]["due_date"] == "2030-01-02T14:59:59.000Z"


def test_an_export_shows_what_the_list_shows_in_its_order(ada, bob, eve, make_project):
    project = make_project(ada)
    for number, status in enumerate(["TODO", "DONE", "TODO", "REVIEW", "TODO"]):
        project.task(title=f"word {number}", status=status)
    bob.create_task(title="word of others")
    ada.create_task(title="to bob", assignee=bob.id)
    ada.delete(f"{TASKS}1/")
    saved = ada.post("/api/v1/filters/", json={"name": "f", "query": {"status": "TODO"}}).json

    for query in (
        "", "?status=TODO", "?ordering=title", "?ordering=-status,id", "?search=word",
        f"?project={project.id}", "?assignee=me", "?overdue=true", f"?filter={saved['id']}",
        "?involves=me", "?created_at_gte=today",
    ):  # fmt: skip
        for person in (ada, bob, eve):
            listed = person.get(f"{TASKS}{query}")
            if listed.status_code != 200:
                assert person.get(f"{EXPORT}{query}").status_code == listed.status_code
                continue
            ids = [str(task["id"]) for task in listed.json["results"]]
            assert [row["id"] for row in exported(person, query)] == ids, query


@pytest.mark.parametrize("query", ["page=2", "cursor=x", "statuss=TODO", "ordering=nothing"])
def test_what_the_export_does_not_know_is_refused(ada, query):
    answer = ada.get(f"{EXPORT}?{query}")

    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json["errors"]


@pytest.mark.parametrize("first", list("=+-@\t\r"))
def test_no_cell_is_a_formula(ada, first):
    ada.create_task(description=f"{first}cmd|' /C calc'!A0")

    assert exported(ada)[0]["description"] == f"'{first}cmd|' /C calc'!A0"


CELL = st.text(st.sampled_from("'=+-@\t\r\n,;\" aé"), max_size=8)


@given(st.lists(CELL, min_size=2, max_size=4))
def test_a_cell_comes_back_as_it_was_written(cells):
    written = line(inert(cell) for cell in cells)

    (record,) = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert [plain(cell) for cell in record] == cells
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in record)


TITLE = st.text(st.sampled_from("'=+-@,;\"\u00e9x "), max_size=12).filter(str.strip)
TASK = st.fixed_dictionaries(
    {"title": TITLE},
    optional={
        "description": st.text(st.sampled_from("'=+-@\t\r\n,;\" aé"), max_size=12),
        "status": st.sampled_from(["BACKLOG", "IN_PROGRESS", "REVIEW", "DONE", "ARCHIVED"]),
        "priority": st.sampled_from(["LOW", "CRITICAL"]),
        "assignee": st.sampled_from(["me", "12"]),
        "due_date": st.dates().filter(lambda day: 1900 <= day.year < 2999).map(str)
        | st.just("2031-01-02T03:04:05.678Z"),
        "estimated_hours": st.floats(0, 100_000),
        "created_at": st.just("2024-02-29T12:00:00.123Z"),
    },
)


@given(tasks=st.lists(TASK, min_size=1, max_size=5))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_an_export_can_be_imported_and_is_the_same_again(app, make_person, tasks):
    person = make_person(timezone="America/New_York")
    for task in tasks:
        data = task | ({"assignee": person.id} if "assignee" in task else {})
        person.create_task(**data)
    before = exported(person, "?ordering=id")

    found = imported(app, person, person.get(f"{EXPORT}?ordering=id").text, mode="all")

    assert found["imported"] == len(tasks), found
    after = exported(person, "?ordering=id")[len(tasks) :]
    assert [[row[name] for name in KEPT] for row in after] == [
        [row[name] for name in KEPT] for row in before
    ]


def test_a_username_of_digits_comes_back_as_that_person(app, ada, make_person):
    ada.create_task(assignee=make_person("1").id)

    found = imported(app, ada, ada.get(EXPORT).text, mode="all")

    assert found["imported"] == 1
    assert [row["assignee"] for row in exported(ada)] == ["1", "1"]


@pytest.fixture
def many(app, ada, rows):
    """Tasks of ada in numbers, made in the database."""

    def make(count):
        rows(
            "INSERT INTO tasks (title, description, status, priority, reporter_id, due_date_only,"
            " sla_breached, version, created_at, updated_at)"
            " SELECT 'task ' || n, repeat('x', 100), 'TODO', 'LOW', :ada, false, false, 1,"
            " now() - n * interval '1 second', now() FROM generate_series(1, :count) n",
            ada=ada.id, count=count,
        )  # fmt: skip

    return make


def test_an_export_is_one_snapshot_and_streams_in_constant_memory(app, ada, many, rows):
    many(60_000)
    process = psutil.Process(os.getpid())
    answer = ada.get(EXPORT, buffered=False)
    pieces = iter(answer.response)
    next(pieces)
    next(pieces)
    rows("DELETE FROM tasks WHERE id % 2 = 0")
    before, lines = process.memory_info().rss, 2

    for lines, _ in enumerate(pieces, 3):  # noqa: B007
        pass
    answer.close()

    assert lines == 60_001
    assert process.memory_info().rss - before < 20_000_000


def connections(rows):
    return rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction'"
    )[0][0]


def test_a_client_that_goes_away_ends_the_query_and_makes_room(app, ada, many, rows):
    many(5000)
    for _ in range(3 * streams.MAX_STREAMS):
        answer = ada.get(EXPORT, buffered=False)
        next(iter(answer.response))
        next(iter(answer.response))
        answer.close()
        # One that is closed before anything was read.
        ada.get(EXPORT, buffered=False).close()

    assert connections(rows) == 0
    assert len(exported(ada)) == 5000


def test_slow_readers_take_nothing_from_the_pool_and_are_few(app, ada, many):
    many(5000)
    slow = [ada.get(EXPORT, buffered=False) for _ in range(streams.MAX_STREAMS)]
    for answer in slow:
        pieces = iter(answer.response)
        next(pieces), next(pieces)
    with app.app_context():
        held = db.engine.pool.checkedout()

    refused = ada.get(EXPORT)
    for answer in slow:
        answer.close()

    assert held == 0
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert ada.get(EXPORT).status_code == 200


def test_an_export_that_takes_too_long_is_cut(app, ada, many, monkeypatch):
    many(5000)
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0)
    answer = ada.get(EXPORT, buffered=False)

    with pytest.raises(streams.TooSlow):
        list(answer.response)
    answer.close()

    monkeypatch.undo()
    assert len(exported(ada)) == 5000
