import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select

from app.boards.lifecycle import Status
from app.core.db import unit_of_work
from app.extensions import db
from app.tasks.listing import SORTABLE
from app.tasks.models import Priority, Task
from app.tasks.schemas import TaskSchema

TASKS = "/api/v1/tasks/"
BASE = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT = 23
NULLABLE = ("assignee", "due_date", "estimated_hours", "completed_at")


def add_tasks(app, people, count=COUNT, seed=1):
    """Tasks with few different values, so that every column has ties and, where it may, nulls."""
    chance = random.Random(seed)
    ada, bob = people
    rows = [
        {
            "title": chance.choice(["a", "B", "ä", "b c", "A", "10", "9", "", "é" * 200, "ß 🙂"]),
            "description": chance.choice(["", 'a "quoted" \\ text', "line\nline\t\u2028", "🙂"]),
            "status": chance.choice(list(Status)),
            "priority": chance.choice(list(Priority)),
            "reporter_id": chance.choice([ada.id, ada.id, bob.id]),
            "assignee_id": chance.choice([ada.id, bob.id, None]),
            "due_at": chance.choice([None, BASE, BASE + timedelta(milliseconds=1)]),
            "due_date_only": chance.choice([True, False]),
            "estimated_hours": chance.choice([None, 0, 0.1, 1 / 3, 2.5, 100_000]),
            "sla_breached": chance.choice([True, False]),
            "version": chance.choice([1, 2]),
            "created_at": BASE + timedelta(milliseconds=chance.choice([0, 1, 500])),
            "updated_at": BASE + timedelta(seconds=chance.choice([0, 1])),
            "completed_at": chance.choice([None, BASE]),
        }
        for _ in range(count)
    ]
    with app.app_context(), unit_of_work() as session:
        session.execute(insert(Task), rows)


def page(person, path):
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json


def walk(person, path, direction="next"):
    """The pages from `path` on, following the links of one direction."""
    while path:
        found = page(person, path)
        yield found
        path = found[direction]
        assert path is None or path.startswith("http://localhost/api/v1/tasks/")


def orderings():
    names = st.lists(st.sampled_from(sorted(SORTABLE)), min_size=1, max_size=4, unique=True)
    signs = st.lists(st.sampled_from(["", "-"]), min_size=4, max_size=4)
    return st.tuples(names, signs).map(
        lambda pair: ",".join(sign + name for name, sign in zip(*pair, strict=False))
    )


@given(ordering=orderings(), size=st.integers(1, 9), mine=st.booleans())
@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_links_visit_every_task_once_in_order_and_lead_back(
    app, ada, bob, admin, ordering, size, mine
):
    with app.app_context():
        if db.session.scalar(select(Task.id).limit(1)) is None:
            add_tasks(app, (ada, bob))
    person = ada if mine else admin
    expected = page(person, f"{TASKS}?ordering={ordering}&page_size=100")
    everything = [task["id"] for task in expected["results"]]
    assert expected["next"] is None
    assert len(everything) == len(set(everything)) == expected["count"]
    assert mine or len(everything) == COUNT

    pages = list(walk(person, f"{TASKS}?ordering={ordering}&page_size={size}"))

    assert [task["id"] for each in pages for task in each["results"]] == everything
    assert {each["count"] for each in pages} == {len(everything)}
    assert pages[0]["previous"] is None
    assert all(len(each["results"]) == size for each in pages[:-1])
    back = list(walk(person, pages[-1]["previous"], "previous")) if len(pages) > 1 else []
    ids_back = [task["id"] for each in reversed(back) for task in each["results"]]
    assert ids_back == everything[: len(everything) - len(pages[-1]["results"])]
    numbered = [
        page(person, f"{TASKS}?ordering={ordering}&page_size={size}&page={number}")["results"]
        for number in range(1, len(pages) + 1)
    ]
    assert numbered == [each["results"] for each in pages]


@pytest.mark.parametrize("name", NULLABLE)
@pytest.mark.parametrize("sign", ["", "-"])
def test_what_is_not_set_comes_last_in_both_directions(app, ada, bob, admin, name, sign):
    add_tasks(app, (ada, bob))

    values = [
        t[name] for t in page(admin, f"{TASKS}?ordering={sign}{name}&page_size=100")["results"]
    ]

    known = [value for value in values if value is not None]
    assert 0 < len(known) < COUNT
    assert values[: len(known)] == sorted(known, reverse=bool(sign))
    assert set(values[len(known) :]) == {None}


@pytest.mark.parametrize(
    ("name", "rank"),
    [("status", list(Status)), ("priority", list(Priority)), ("version", None), ("id", None)],
)
def test_an_order_is_the_one_a_reader_expects(app, ada, bob, admin, name, rank):
    add_tasks(app, (ada, bob))

    for sign in ("", "-"):
        values = [t[name] for t in page(admin, f"{TASKS}?ordering={sign}{name}")["results"]]
        assert values == sorted(values, key=rank.index if rank else None, reverse=bool(sign))


def test_tasks_that_arrive_or_go_while_one_reads_move_nothing_else(app, ada, bob):
    kept = [ada.create_task(title=str(n))["id"] for n in range(7)]
    first = page(ada, f"{TASKS}?ordering=-created_at&page_size=3")

    ada.create_task(title="new")
    ada.delete(f"{TASKS}{first['results'][0]['id']}/")
    rest = [t["id"] for each in walk(ada, first["next"]) for t in each["results"]]

    assert [t["id"] for t in first["results"]] + rest == kept[::-1]


def test_filters_stay_in_the_links(app, ada, bob, admin):
    add_tasks(app, (ada, bob))

    query = "status=TODO,DONE&status=REVIEW&ordering=-priority,due_date&page_size=2"
    found = [t for each in walk(admin, f"{TASKS}?{query}") for t in each["results"]]

    assert len(found) > 2
    assert {t["status"] for t in found} <= {"TODO", "DONE", "REVIEW"}


def test_a_list_prints_a_task_exactly_as_its_own_route_and_its_schema_do(app, ada, bob, admin):
    add_tasks(app, (ada, bob), count=60, seed=7)
    ada.create_task(title="aA\u0300 \u202e <b>&'\"\\/", due_date="2026-03-31", estimated_hours=1e-7)

    for task in page(admin, f"{TASKS}?page_size=100")["results"]:
        assert admin.get(f"{TASKS}{task['id']}/").json == task
        with app.app_context():
            dumped = TaskSchema().dump(db.session.get(Task, task["id"]))
        assert json.loads(json.dumps(dumped)) == task
        assert list(task) == list(dumped)


def test_the_number_of_queries_does_not_grow_with_the_page(app, ada, bob):
    add_tasks(app, (ada, bob), count=100)
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    counts = {}
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for size in (1, 10, 100):
            for name in ("?", "?page=1&", "mine/?"):
                statements.clear()
                page(ada, f"{TASKS}{name}page_size={size}")
                counts[name, size] = len(statements)
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert len(set(counts.values())) == 1, counts
    assert set(counts.values()) == {3}, "caller, page, count"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=forged", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=WyItaWQiLDAsWzFdXQ.AAAA", "cursor"),
        ("ordering=password", "ordering"),
        ("ordering=", "ordering"),
        ("ordering=--id", "ordering"),
        ("ordering=id;drop", "ordering"),
        (f"ordering={'id,' * 100}id", "ordering"),
        ("page=2&cursor=x", "page"),
        ("page=1001", "page"),
    ],
)
def test_a_place_that_no_list_gave_out_is_refused(ada, query, field):
    answer = ada.get(f"{TASKS}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_cursor_is_good_for_its_ordering_only_and_opens_nothing_of_others(app, ada, bob, eve):
    add_tasks(app, (ada, bob))
    following = page(ada, f"{TASKS}?ordering=title&page_size=2")["next"]

    other = following.replace("ordering=title", "ordering=-title")

    assert list(ada.get(other).json["errors"]) == ["cursor"]
    assert page(eve, following) == {"count": 0, "next": None, "previous": None, "results": []}
