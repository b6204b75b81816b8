"""Boards and columns: made, ordered, limited and deleted, by those who may."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.boards.lifecycle import Status
from app.extensions import db
from app.users.models import Role
from tests.api.conftest import TASKS, at_once, twin

PROJECTS = "/api/v1/projects/"
BOARDS = "/api/v1/boards/"
USUAL = ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE"]

by_property = settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Apollo:
    """A project that was made over the API, and its boards."""

    def __init__(self, owner, name="Apollo"):
        self.owner = owner
        self.id = owner.post(PROJECTS, json={"name": name}).json["id"]
        self.path = f"{PROJECTS}{self.id}/"
        self.board = self.boards()[0]["id"]
        self.columns_path = f"{BOARDS}{self.board}/columns/"

    def boards(self):
        return self.owner.get(f"{BOARDS}?project={self.id}&page_size=100").json["results"]

    def columns(self):
        return self.owner.get(self.columns_path).json

    def add(self, person, role="MEMBER"):
        body = {"user": person.id, "role": role}
        assert self.owner.post(f"{self.path}members/", json=body).status_code == 201

    def add_board(self, name="Second", **fields):
        answer = self.owner.post(BOARDS, json={"project": self.id, "name": name} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json


@pytest.fixture
def apollo(ada):
    return Apollo(ada)


@pytest.fixture
def board_events(rows):
    """What the log says of boards: the kind of event, the board, what changed."""
    return lambda: [
        tuple(row)
        for row in rows(
            "SELECT type, entity_id, changes FROM events WHERE entity_id IS NOT NULL"
            " AND type LIKE 'board.%' ORDER BY id"
        )
    ]


def test_a_new_board_is_the_last_and_has_the_usual_columns(ada, apollo, board_events):
    board = apollo.add_board("  Second ")

    assert (board["name"], board["position"], board["project"]) == ("Second", 2, apollo.id)
    assert board["created_at"] == board["updated_at"]
    columns = ada.get(f"{BOARDS}{board['id']}/columns/").json
    assert [(each["status"], each["position"]) for each in columns] == list(
        zip(USUAL, range(1, 6), strict=True)
    )
    assert {each["wip_limit"] for each in columns} == {None}
    assert board_events()[-1][:2] == ("board.created", board["id"])


def test_a_new_board_takes_the_columns_it_is_given(ada, apollo):
    given_columns = [
        {"name": "Over", "status": "DONE", "wip_limit": 3},
        {"name": "Begin", "status": "TODO"},
    ]

    board = apollo.add_board(columns=given_columns)

    columns = ada.get(f"{BOARDS}{board['id']}/columns/").json
    shown = [(each["name"], each["status"], each["wip_limit"]) for each in columns]
    assert shown == [("Over", "DONE", 3), ("Begin", "TODO", None)]


BAD_BOARDS = [
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"columns": []}, "columns"),
    ({"columns": None}, "columns"),
    ({"columns": "TODO"}, "columns"),
    ({"columns": [{"name": "x", "status": "TODO"}] * 2}, "columns"),
    ({"columns": [{"name": "x", "status": "NOWHERE"}]}, "columns"),
    ({"columns": [{"name": "x"}]}, "columns"),
    ({"columns": [{"status": "TODO"}]}, "columns"),
    ({"columns": [{"name": "x", "status": "TODO", "id": 1}]}, "columns"),
    ({"columns": [{"name": "x", "status": "TODO", "position": 1}]}, "columns"),
    ({"columns": [{"name": "x", "status": "TODO", "wip_limit": 0}]}, "columns"),
    ({"columns": [{"name": "x", "status": each} for each in Status] + [1]}, "columns"),
    ({"project": None}, "project"),
    ({"project": "1"}, None),
    ({"project": True}, "project"),
    ({"project": 0}, "project"),
    ({"project": 2**63}, "project"),
    ({"id": 1}, "id"),
    ({"position": 1}, "position"),
    ({"created_at": None}, "created_at"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BOARDS, ids=lambda value: str(value)[:40])
def test_bad_boards_are_refused(ada, apollo, board_events, body, field):
    before = board_events()

    answer = ada.post(BOARDS, json={"project": apollo.id, "name": "x"} | body)

    if field is None:
        assert answer.status_code in {404, 422}  # Digits in quotes may count as an id.
    else:
        assert answer.status_code == 422, answer.text
        assert any(name.split(".")[0] == field for name in answer.json["errors"])
    assert board_events() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"position": 0}, "position"),
        ({"position": -1}, "position"),
        ({"position": 1001}, "position"),
        ({"position": None}, "position"),
        ({"position": True}, "position"),
        ({"position": 1.5}, "position"),
        ({"project": 1}, "project"),
        ({"id": 9}, "id"),
        ({"columns": []}, "columns"),
    ],
    ids=str,
)
def test_bad_changes_of_a_board_are_refused(ada, apollo, board_events, body, field):
    before = board_events()

    answer = ada.patch(f"{BOARDS}{apollo.board}/", json=body)

    assert answer.status_code == 422, answer.text
    assert field in answer.json["errors"]
    assert board_events() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 1}, "name"),
        ({"status": None}, "status"),
        ({"status": "todo"}, "status"),
        ({"status": 1}, "status"),
        ({"status": []}, "status"),
        ({"wip_limit": 0}, "wip_limit"),
        ({"wip_limit": -1}, "wip_limit"),
        ({"wip_limit": 10_001}, "wip_limit"),
        ({"wip_limit": 1.5}, "wip_limit"),
        ({"wip_limit": True}, "wip_limit"),
        ({"wip_limit": "many"}, "wip_limit"),
        ({"position": 0}, "position"),
        ({"position": None}, "position"),
        ({"board": 1}, "board"),
        ({"board_id": 1}, "board_id"),
        ({"id": 1}, "id"),
    ],
    ids=str,
)
def test_bad_columns_are_refused(ada, apollo, board_events, body, field):
    before, columns = board_events(), apollo.columns()

    for answer in (
        ada.post(apollo.columns_path, json={"name": "x", "status": "CANCELLED"} | body),
        ada.patch(f"{apollo.columns_path}{columns[0]['id']}/", json=body),
    ):
        assert answer.status_code == 422, answer.text
        assert field in answer.json["errors"]
    assert (board_events(), apollo.columns()) == (before, columns)


def test_the_list_shows_the_boards_of_ones_projects(ada, bob, eve, admin, apollo):
    gemini = Apollo(bob, "Gemini")
    apollo.add(bob)
    second = apollo.add_board()["id"]

    def listed(person, query=""):
        found = person.get(f"{BOARDS}{query}").json
        assert found["count"] == len(found["results"])
        return [row["id"] for row in found["results"]]

    assert listed(ada) == [apollo.board, second]
    assert listed(bob) == [apollo.board, second, gemini.board]
    assert listed(bob, f"?project={gemini.id}") == [gemini.board]
    assert listed(eve) == []
    assert listed(admin) == [1, apollo.board, second, gemini.board]
    assert ada.get(f"{BOARDS}?project={gemini.id}").status_code == 404
    assert eve.get(f"{BOARDS}?project=1").status_code == 404
    for query in ("project=x", "project=0", f"project={2**63}", "page=0", "name=x"):
        assert ada.get(f"{BOARDS}?{query}").status_code == 422, query
    page = bob.get(f"{BOARDS}?page_size=2&page=2").json
    assert (page["count"], [row["id"] for row in page["results"]]) == (3, [gemini.board])


def test_a_board_is_renamed_with_one_event(ada, apollo, board_events):
    before = len(board_events())

    answer = ada.patch(f"{BOARDS}{apollo.board}/", json={"name": "Launch"})

    assert answer.status_code == 200
    assert answer.json["name"] == "Launch"
    assert board_events()[before:] == [
        ("board.updated", apollo.board, {"name": ["Board", "Launch"]})
    ]


def test_without_a_change_nothing_is_told(ada, apollo, board_events):
    first = apollo.columns()[0]
    before, boards = board_events(), apollo.boards()

    for path, body in [
        ("", {}),
        ("", {"name": "Board"}),
        ("", {"name": " Board ", "position": 1}),
        ("", {"position": 1000}),
        (f"columns/{first['id']}/", {}),
        (f"columns/{first['id']}/", {"name": first["name"], "position": 1, "wip_limit": None}),
        (f"columns/{first['id']}/", {"status": first["status"]}),
    ]:
        assert ada.patch(f"{BOARDS}{apollo.board}/{path}", json=body).status_code == 200
    assert (board_events(), apollo.boards()) == (before, boards)


def test_every_change_of_a_column_is_one_event_of_its_board(ada, apollo, board_events):
    path = apollo.columns_path
    first = apollo.columns()[0]["id"]

    for verb, target, body in [
        ("patch", f"{path}{first}/", {"wip_limit": 3}),
        ("patch", f"{path}{first}/", {"position": 3, "name": "x"}),
        ("post", path, {"name": "Never", "status": "CANCELLED", "position": 1}),
        ("delete", f"{path}{first}/", None),
    ]:
        before = len(board_events())
        assert getattr(ada, verb)(target, json=body).status_code < 300
        ((kind, board, changes),) = board_events()[before:]
        assert (kind, board, list(changes)) == ("board.updated", apollo.board, ["columns"])
        assert changes["columns"][1] == apollo.columns()


a_step = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(list(Status)), st.none() | st.integers(1, 9)),
    st.tuples(st.just("move"), st.integers(0, 6), st.integers(1, 9)),
    st.tuples(st.just("delete"), st.integers(0, 6), st.none()),
)


def test_columns_stand_dense_whatever_is_done(ada, apollo):
    """Against a list of statuses that is treated as the columns ought to be."""

    @by_property
    @given(st.lists(a_step, min_size=1, max_size=12))
    def play(steps):
        board = apollo.add_board()["id"]
        path = f"{BOARDS}{board}/columns/"
        model = list(USUAL)
        for kind, what, place in steps:
            columns = ada.get(path).json
            if kind == "add":
                body = {"name": "x", "status": what.value}
                body |= {"position": place} if place else {}
                answer = ada.post(path, json=body)
                assert answer.status_code == (409 if what.value in model else 201)
                if answer.status_code == 201:
                    model.insert((place or 99) - 1, what.value)
                    assert answer.json["position"] == model.index(what.value) + 1
            elif columns:
                column = columns[what % len(columns)]
                model.remove(column["status"])
                if kind == "move":
                    answer = ada.patch(f"{path}{column['id']}/", json={"position": place})
                    model.insert(place - 1, column["status"])
                    assert answer.json["position"] == model.index(column["status"]) + 1
                else:
                    assert ada.delete(f"{path}{column['id']}/").status_code == 204
            columns = ada.get(path).json
            assert [each["status"] for each in columns] == model
            assert [each["position"] for each in columns] == list(range(1, len(model) + 1))

    play()


def test_boards_stand_dense_whatever_is_done(ada):
    @by_property
    @given(st.lists(a_step, min_size=1, max_size=12))
    def play(steps):
        project = Apollo(ada)
        model = [project.board]
        for kind, what, place in steps:
            if kind == "add":
                model.append(project.add_board()["id"])
                continue
            board = model[what % len(model)]
            if kind == "move":
                answer = ada.patch(f"{BOARDS}{board}/", json={"position": place})
                model.remove(board)
                model.insert(place - 1, board)
                assert answer.json["position"] == model.index(board) + 1
            else:
                expected = 204 if len(model) > 1 else 409
                assert ada.delete(f"{BOARDS}{board}/").status_code == expected
                if expected == 204:
                    model.remove(board)
            boards = project.boards()
            assert [each["id"] for each in boards] == model
            assert [each["position"] for each in boards] == list(range(1, len(model) + 1))

    play()


def test_boards_and_columns_stand_dense_after_changes_at_once(ada, apollo):
    for _ in range(3):
        calls = [
            lambda p=twin(ada): p.post(BOARDS, json={"project": apollo.id, "name": "x"})
            for _ in range(3)
        ] + [
            lambda p=twin(ada), each=each, place=place: p.patch(
                f"{apollo.columns_path}{each['id']}/", json={"position": 5 - place}
            )
            for place, each in enumerate(apollo.columns()[:3])
        ]
        assert {answer.status_code for answer in at_once(calls)} == {200, 201}
        for items in (apollo.boards(), apollo.columns()):
            assert [each["position"] for each in items] == list(range(1, len(items) + 1))


def test_a_status_has_one_column_on_a_board(ada, apollo, board_events):
    before, columns = board_events(), apollo.columns()

    for answer in (
        ada.post(apollo.columns_path, json={"name": "x", "status": "TODO", "position": 1}),
        ada.patch(f"{apollo.columns_path}{columns[0]['id']}/", json={"status": "TODO"}),
    ):
        assert answer.status_code == 409
        assert list(answer.json["errors"]) == ["status"]
    assert (board_events(), apollo.columns()) == (before, columns)
    body = {"name": "Never", "status": "CANCELLED"}
    assert ada.post(apollo.columns_path, json=body).status_code == 201


def test_of_two_columns_for_one_status_added_at_once_one_is_refused(ada, apollo):
    body = {"name": "Never", "status": "CANCELLED"}
    calls = [lambda p=twin(ada): p.post(apollo.columns_path, json=body) for _ in range(3)]

    codes = sorted(answer.status_code for answer in at_once(calls))

    assert codes == [201, 409, 409]


def test_a_limit_holds_from_the_moment_it_is_set(ada, bob, apollo):
    apollo.add(bob)
    todo = next(each for each in apollo.columns() if each["status"] == "TODO")
    body = {"title": "x", "board": apollo.board, "status": "TODO"}
    for _ in range(2):
        assert bob.post(TASKS, json=body).status_code == 201

    answer = ada.patch(f"{apollo.columns_path}{todo['id']}/", json={"wip_limit": 1})

    assert (answer.status_code, answer.json["wip_limit"]) == (200, 1)
    assert bob.post(TASKS, json=body).status_code == 409
    ada.patch(f"{apollo.columns_path}{todo['id']}/", json={"wip_limit": None})
    assert bob.post(TASKS, json=body).status_code == 201


def test_the_last_board_stays(ada, apollo):
    answer = ada.delete(f"{BOARDS}{apollo.board}/")

    assert answer.status_code == 409
    assert "last board" in answer.json["detail"]


def test_of_two_last_boards_deleted_at_once_one_stays(ada):
    for _ in range(4):
        project = Apollo(ada)
        both = [project.board, project.add_board()["id"]]
        calls = [
            lambda p=twin(ada), b=board: p.delete(f"{BOARDS}{b}/").status_code for board in both
        ]
        assert sorted(at_once(calls)) == [204, 409]
        assert len(project.boards()) == 1


def test_a_board_with_tasks_stays_until_they_are_gone(ada, apollo, board_events):
    second = apollo.add_board()["id"]
    task = ada.create_task(board=second)
    before = board_events()

    answer = ada.delete(f"{BOARDS}{second}/")

    assert answer.status_code == 409
    assert "tasks" in answer.json["detail"]
    assert board_events() == before
    ada.delete(f"{TASKS}{task['id']}/")
    assert ada.delete(f"{BOARDS}{second}/").status_code == 204
    for verb, path, body in [
        ("get", "", None),
        ("patch", "", {"name": "x"}),
        ("delete", "", None),
        ("get", "columns/", None),
        ("post", "columns/", {"name": "x", "status": "CANCELLED"}),
    ]:
        assert getattr(ada, verb)(f"{BOARDS}{second}/{path}", json=body).status_code == 404
    assert ada.post(TASKS, json={"title": "x", "board": second}).status_code == 404
    restored = ada.post(f"{TASKS}{task['id']}/restore/")
    assert (restored.status_code, restored.json["board"]) == (200, apollo.board)


def test_no_task_is_left_on_a_board_that_was_deleted_meanwhile(ada, bob, apollo, rows):
    apollo.add(bob)
    for _ in range(8):
        board = apollo.add_board()["id"]
        body = {"title": "x", "board": board}
        created, deleted = at_once(
            [
                lambda b=body: bob.post(TASKS, json=b).status_code,
                lambda b=board: ada.delete(f"{BOARDS}{b}/").status_code,
            ]
        )
        assert (created, deleted) in {(201, 409), (404, 204)}
    orphans = (
        "SELECT tasks.id FROM tasks JOIN boards ON boards.id = board_id"
        " WHERE boards.deleted_at IS NOT NULL AND tasks.deleted_at IS NULL"
    )
    assert rows(orphans) == []


def test_a_column_goes_and_its_tasks_stay(ada, apollo):
    task = ada.create_task(board=apollo.board, status="TODO")
    todo = next(each for each in apollo.columns() if each["status"] == "TODO")

    assert ada.delete(f"{apollo.columns_path}{todo['id']}/").status_code == 204

    kept = ada.get(f"{TASKS}{task['id']}/").json
    assert (kept["status"], kept["version"]) == ("TODO", 1)
    assert ada.delete(f"{apollo.columns_path}{todo['id']}/").status_code == 404


def test_columns_and_boards_of_others_are_not_found(ada, bob, apollo):
    gemini = Apollo(bob, "Gemini")
    foreign = gemini.columns()[0]["id"]

    for verb, path, body in [
        ("get", f"{BOARDS}{gemini.board}/", None),
        ("patch", f"{BOARDS}{gemini.board}/", {"name": "x"}),
        ("delete", f"{BOARDS}{gemini.board}/", None),
        ("get", gemini.columns_path, None),
        ("post", gemini.columns_path, {"name": "x", "status": "CANCELLED"}),
        ("patch", f"{gemini.columns_path}{foreign}/", {"name": "x"}),
        ("delete", f"{gemini.columns_path}{foreign}/", None),
        ("patch", f"{apollo.columns_path}{foreign}/", {"name": "x"}),
        ("delete", f"{apollo.columns_path}{foreign}/", None),
        ("patch", f"{BOARDS}999999/", {"name": "x"}),
        ("patch", f"{apollo.columns_path}999999/", {"name": "x"}),
        ("post", BOARDS, {"project": gemini.id, "name": "x"}),
        ("post", BOARDS, {"project": 999_999, "name": "x"}),
    ]:
        assert getattr(ada, verb)(path, json=body).status_code == 404, (verb, path)
    assert gemini.columns()[0]["name"] == "Backlog"


def test_boards_are_for_managers(ada, bob, admin, apollo, make_person):
    mia, max_ = make_person("mia"), make_person("max", role=Role.MANAGER)
    apollo.add(bob)
    apollo.add(mia, "MANAGER")
    apollo.add(max_)
    column = apollo.columns()[-1]["id"]

    for verb, path, body in [
        ("post", BOARDS, {"project": apollo.id, "name": "x"}),
        ("patch", f"{BOARDS}{apollo.board}/", {"name": "x"}),
        ("delete", f"{BOARDS}{apollo.board}/", None),
        ("post", apollo.columns_path, {"name": "x", "status": "CANCELLED"}),
        ("patch", f"{apollo.columns_path}{column}/", {"name": "x"}),
        ("delete", f"{apollo.columns_path}{column}/", None),
    ]:
        answer = getattr(bob, verb)(path, json=body)
        assert answer.status_code == 403, (verb, path)
        assert "MANAGER or ADMIN of the project" in answer.json["detail"]
    assert bob.get(apollo.columns_path).status_code == 200
    for person in (mia, max_, admin):
        board = person.post(BOARDS, json={"project": apollo.id, "name": "x"})
        assert board.status_code == 201
        path = f"{BOARDS}{board.json['id']}/"
        assert person.patch(path, json={"position": 1}).status_code == 200
        new = person.post(f"{path}columns/", json={"name": "x", "status": "CANCELLED"}).json
        assert person.delete(f"{path}columns/{new['id']}/").status_code == 204
        assert person.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        ("UPDATE project_members SET role = 'MEMBER' WHERE user_id = :user", 403),
        ("DELETE FROM project_members WHERE user_id = :user", 404),
        ("UPDATE projects SET is_archived = true WHERE id = :project", 409),
        ("UPDATE projects SET deleted_at = now() WHERE id = :project", 404),
        ("UPDATE boards SET deleted_at = now() WHERE project_id = :project", 404),
    ],
    ids=["demoted", "removed", "archived", "project deleted", "board deleted"],
)
def test_what_changed_while_waiting_for_the_project_counts(
    app, bob, apollo, board_events, meanwhile, code
):
    apollo.add(bob, "MANAGER")
    before = board_events()
    values = {"user": bob.id, "project": apollo.id}

    with app.app_context(), db.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("SELECT 1 FROM projects WHERE id = :project FOR UPDATE"), values)
        path = f"{BOARDS}{apollo.board}/"
        waiting = pool.submit(lambda: bob.patch(path, json={"name": "x"}))
        _until_somebody_waits()
        other.execute(text(meanwhile), values)
        other.commit()
        answer = waiting.result()

    assert answer.status_code == code, answer.text
    assert board_events() == before


def _until_somebody_waits():
    waits = text(
        # Those of other databases belong to other tests.
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + 60
    with db.engine.connect() as watch:
        while not watch.scalar(waits):
            assert time.monotonic() < deadline
            time.sleep(0.02)
