from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from app.boards.lifecycle import Status
from app.extensions import db
from benchmarks.plans import explain, recorded, sequential_scans
from tests.api.conftest import TASKS

FILL = """
INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,
                   reporter_id, due_date_only, sla_breached, version, created_at, updated_at)
SELECT 'Card ' || n, 'x', (enum_range(NULL::task_status))[1 + n % 5], 'LOW', :project, :board,
       'a' || lpad(n::text, 6, '0') || 'V', :person, false, false, 1, now(), now()
FROM generate_series(:first, :last) AS n
"""


def page(person, board, **query):
    return person.get(f"/api/v1/boards/{board}/", query_string=query)


@pytest.fixture
def project(make_project, ada, bob):
    return make_project(ada, {bob: "MEMBER"}, [Status.TODO, Status.REVIEW, Status.DONE])


def test_a_board_comes_ready_to_draw(ada, bob, project):
    cards = [project.task(status="TODO", title='a "quoted" ü 🙂') for _ in range(3)]
    done = project.task(status="DONE", due_date="2026-03-31", estimated_hours=0.1)
    project.task(status="BACKLOG")
    project.limit("TODO", 5)
    ada.post(f"{TASKS}{cards[2]['id']}/move/", json={"before": cards[0]["id"]})

    answer = page(bob, project.board_id)

    assert answer.status_code == 200
    board = answer.json
    columns = board.pop("columns")
    assert board == {
        "id": project.board_id,
        "project": project.id,
        "name": "Board",
        "position": 1,
        "role": "MEMBER",
        "is_archived": False,
    }
    assert [c["status"] for c in columns] == ["TODO", "REVIEW", "DONE"]
    assert [c["count"] for c in columns] == [3, 0, 1]
    assert [c["wip_limit"] for c in columns] == [5, None, None]
    assert [c["next"] for c in columns] == [None] * 3
    assert [c["position"] for c in columns] == [1, 2, 3]
    wanted = [cards[2]["id"], cards[0]["id"], cards[1]["id"]]
    assert [task["id"] for task in columns[0]["tasks"]] == wanted == project.cell(bob, "TODO")
    assert columns[2]["tasks"] == [done]
    for column in columns:
        for task in column["tasks"]:
            assert task == ada.get(f"{TASKS}{task['id']}/").json


def test_deleted_tasks_are_neither_shown_nor_counted(ada, project):
    kept, gone = (project.task(status="TODO")["id"] for _ in range(2))
    ada.delete(f"{TASKS}{gone}/")

    column = page(ada, project.board_id).json["columns"][0]

    assert (column["count"], [task["id"] for task in column["tasks"]]) == (1, [kept])


@pytest.mark.parametrize("cards", [1, 2, 3, 7, 8, 100])
def test_the_link_of_a_column_goes_on_without_gap_or_repeat(ada, bob, admin, project, rows, cards):
    rows(FILL, project=project.id, board=project.board_id, person=ada.id, first=1, last=37)
    project.task(status="TODO")
    expected = [
        row.id for row in rows("SELECT id FROM tasks WHERE status = 'TODO' ORDER BY position")
    ]

    for person in (bob, admin):
        column = page(person, project.board_id, cards=cards).json["columns"][0]
        assert column["count"] == len(expected)
        read, following = [task["id"] for task in column["tasks"]], column["next"]
        assert len(read) == min(cards, len(expected))
        while following:
            url = urlsplit(following)
            more = person.get(f"{url.path}?{url.query}")
            assert more.status_code == 200
            assert more.json["count"] == len(expected)
            assert more.json["results"]
            read += [task["id"] for task in more.json["results"]]
            following = more.json["next"]
        assert read == expected


def test_who_sees_a_board(ada, bob, eve, admin, make_person, project):
    mia = make_person("mia")
    project.add(mia, "MANAGER")

    roles = {p.username: page(p, project.board_id).json["role"] for p in (ada, bob, mia, admin)}
    assert roles == {"ada": "ADMIN", "bob": "MEMBER", "mia": "MANAGER", "root": None}
    project.remove(bob)
    unknown = page(eve, 999_999)
    for person in (bob, eve):
        answer = page(person, project.board_id)
        assert answer.status_code == 404
        assert answer.json == unknown.json
    project.change(is_archived=True)
    assert page(ada, project.board_id).json["is_archived"] is True
    project.delete()
    assert page(ada, project.board_id).status_code == 404
    assert page(admin, project.board_id).status_code == 404


def test_a_deleted_board_is_not_shown(ada, project, rows):
    rows("UPDATE boards SET deleted_at = now() WHERE id = :id", id=project.board_id)

    assert page(ada, project.board_id).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cards": 0}, "cards"),
        ({"cards": 101}, "cards"),
        ({"cards": "x"}, "cards"),
        ({"x": 1}, "x"),
    ],
)
def test_bad_parameters_are_refused(ada, project, query, field):
    answer = page(ada, project.board_id, **query)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_board_without_columns_or_cards_is_an_empty_board(ada, make_project):
    assert page(ada, make_project(ada, columns=[]).board_id).json["columns"] == []
    empty = page(ada, make_project(ada).board_id).json["columns"]
    assert [(c["count"], c["tasks"], c["next"]) for c in empty] == [(0, [], None)] * 7


@pytest.mark.timeout(180)
def test_the_page_costs_the_same_few_queries_however_many_cards(
    app, ada, bob, admin, project, rows
):
    counts, last = {}, 0
    # Reading everything is right where the board is everything, so there are others, too.
    rows(FILL, project=1, board=1, person=ada.id, first=1, last=40_000)
    with app.app_context():
        for size in (10, 10_000):
            values = {"project": project.id, "board": project.board_id, "person": ada.id}
            rows(FILL, **values, first=last + 1, last=size)
            last = size
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE tasks"))
            for person in (bob, admin):
                counts[size, person.username] = _count_queries(person, project.board_id, size)

    assert counts[10, "bob"] == counts[10_000, "bob"] <= 6
    assert counts[10, "root"] == counts[10_000, "root"] <= 6


def _count_queries(person, board, size):
    """How many queries a page takes; with many cards none of them reads the whole table."""
    with recorded(db.engine) as queries:
        answer = page(person, board)
    assert sum(column["count"] for column in answer.json["columns"]) == size // 5 * 3
    rest = answer.json["columns"][0]["next"]
    with recorded(db.engine) as further:
        if rest:
            assert person.get(rest).status_code == 200
    if size > 1000:
        assert rest
        for statement, values in queries.statements + further.statements:
            if "tasks" in statement:
                plan = explain(db.engine, statement, values)
                assert sequential_scans(plan, "tasks") == [], statement
    return len(queries.statements)
