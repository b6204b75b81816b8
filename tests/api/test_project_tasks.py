"""Tasks of projects: who sees them where, and what becomes of them with members and projects."""

import random
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from app.extensions import db
from app.tasks import by_date
from app.tasks.listing import SORTABLE
from app.users.models import Role
from benchmarks.plans import explain, recorded, sequential_scans
from tests.api.conftest import TASKS, at_once, events_of, twin


@pytest.fixture
def project(make_project, ada, bob):
    return make_project(ada, {bob: "MEMBER"})


def day_of(task):
    return f"{TASKS}by-date/{task['created_at'][:10]}/"


def sights(person, task):
    """Where `person` meets the task."""
    path = f"{TASKS}{task['id']}/"
    listed = person.get(TASKS).json
    insight = person.get("/api/v1/reports/insight/").json
    found = {
        "get": person.get(path).status_code == 200,
        "list": task["id"] in [each["id"] for each in listed["results"]],
        "count": listed["count"] > 0,
        "page": person.get(f"{TASKS}?page=1").json["count"] > 0,
        "board": person.get(f"{TASKS}?board={task['board']}").json["count"] > 0,
        "status": person.get(f"{TASKS}?status={task['status']}").json["count"] > 0,
        "day": task["id"] in [each["id"] for each in person.get(day_of(task)).json["results"]],
        "insight": insight["total"] > 0,
        "names": bool(insight["tasks_created"]),
        "history": person.get(f"{path}history/").status_code == 200,
        "transitions": person.get(f"{path}transitions/").status_code == 200,
        "page of board": person.get(f"/api/v1/boards/{task['board']}/").status_code == 200,
    }
    return {name for name, seen in found.items() if seen}


EVERYWHERE = {
    "get", "list", "count", "page", "board", "status", "day", "insight", "names", "history",
    "transitions", "page of board",
}  # fmt: skip


def test_members_see_a_task_everywhere_and_others_nowhere(ada, bob, eve, admin, project):
    task = project.task()

    for _ in ("miss", "hit"):
        for person in (ada, bob, admin):
            assert sights(person, task) == EVERYWHERE, person.username
        assert sights(eve, task) == set()


def test_a_removed_member_sees_nothing_at_once(ada, bob, project, wrong_counts):
    task = project.task(bob, assignee=bob.id)
    assert sights(bob, task) == EVERYWHERE
    assert bob.get(f"{TASKS}mine/").json["count"] == 1

    project.remove(bob)

    assert sights(bob, task) == set()
    assert bob.get(f"{TASKS}mine/").json["count"] == 0
    for verb, path, body in [
        ("patch", "", {"title": "x"}),
        ("put", "", {"title": "x"}),
        ("delete", "", None),
        ("post", "restore/", None),
        ("post", "move/", {"status": "DONE"}),
        ("post", "assign/", {"assignee": None}),
    ]:
        answer = getattr(bob, verb)(f"{TASKS}{task['id']}/{path}", json=body)
        assert answer.status_code == 404, path
    body = {"title": "x", "board": project.board_id}
    assert bob.post(TASKS, json=body).status_code == 404
    assert ada.get(f"{TASKS}{task['id']}/").json["assignee"] is None
    assert wrong_counts() == 0
    project.add(bob)
    assert sights(bob, task) == EVERYWHERE


def test_who_joins_sees_what_was_there_before(ada, eve, project):
    task = project.task()
    assert sights(eve, task) == set()

    project.add(eve)

    assert sights(eve, task) == EVERYWHERE


def test_a_former_members_tasks_are_nobodys_with_one_event_each(
    ada, bob, eve, project, make_project, wrong_counts
):
    other = make_project(ada, {bob: "MEMBER"})
    his = [project.task(assignee=bob.id) for _ in range(3)]
    deleted, elsewhere = project.task(assignee=bob.id), other.task(assignee=bob.id)
    loose, hers = ada.create_task(assignee=bob.id), project.task(bob, assignee=ada.id)
    ada.delete(f"{TASKS}{deleted['id']}/")

    project.remove(bob)

    for task in his:
        newest, *older = events_of(ada, task["id"])
        assert len(older) == 1
        assert (newest["changes"], newest["actor"]) == ({"assignee": [bob.id, None]}, ada.id)
    for task, person in ((elsewhere, bob), (loose, bob), (hers, ada)):
        kept = ada.get(f"{TASKS}{task['id']}/").json
        assert (kept["assignee"], kept["version"]) == (person.id, 1)
    restored = ada.post(f"{TASKS}{deleted['id']}/restore/").json
    assert restored["assignee"] is None
    mine = bob.get(f"{TASKS}mine/").json["results"]
    assert {task["id"] for task in mine} == {elsewhere["id"], loose["id"]}
    assert wrong_counts() == 0


def test_nobody_is_assigned_while_being_removed(ada, bob, project, rows, wrong_counts):
    tasks = [project.task()["id"] for _ in range(10)]

    def assign():
        return [
            ada.post(f"{TASKS}{task}/assign/", json={"assignee": bob.id}).status_code
            for task in tasks
        ]

    codes, _ = at_once([assign, lambda: project.remove(bob)])

    assert set(codes) <= {200, 422}
    assert rows("SELECT id FROM tasks WHERE assignee_id IS NOT NULL") == []
    assert wrong_counts() == 0


def test_an_assignee_is_a_member(ada, bob, eve, admin, project):
    body = {"title": "x", "board": project.board_id}

    assert ada.post(TASKS, json=body | {"assignee": bob.id}).status_code == 201
    task = project.task()
    for person in (eve, admin):
        for answer in (
            ada.post(TASKS, json=body | {"assignee": person.id}),
            ada.patch(f"{TASKS}{task['id']}/", json={"assignee": person.id}),
            ada.put(f"{TASKS}{task['id']}/", json={"title": "x", "assignee": person.id}),
        ):
            assert (answer.status_code, list(answer.json["errors"])) == (422, ["assignee"])


def test_what_a_deleted_project_leaves(
    ada, bob, eve, admin, project, make_project, rows, wrong_counts
):
    other = make_project(ada, {bob: "MEMBER"})
    tasks = [project.task(person, assignee=bob.id) for person in (ada, bob)]
    kept, loose = other.task(), ada.create_task(assignee=bob.id)
    gone = project.task()
    ada.delete(f"{TASKS}{gone['id']}/")
    for person in (ada, bob, admin):
        assert person.get(day_of(kept)).json["count"] == 4

    project.delete()

    assert wrong_counts() == 0
    for person in (ada, bob, admin):
        left = {task["id"] for task in person.get(TASKS).json["results"]}
        assert left == {kept["id"], loose["id"]}
        assert {t["id"] for t in person.get(day_of(kept)).json["results"]} == left
        assert person.get("/api/v1/reports/insight/").json["total"] == 2
        for task in (*tasks, gone):
            path = f"{TASKS}{task['id']}/"
            assert person.get(path).status_code == 404
            assert person.post(f"{path}restore/").status_code == 404
            assert person.patch(path, json={"title": "x"}).status_code == 404
    assert bob.get(f"{TASKS}mine/").json["count"] == 1
    deleted = rows("SELECT count(*), min(version) FROM tasks WHERE deleted_at IS NOT NULL")
    assert tuple(deleted[0]) == (3, 2)


def test_a_project_goes_with_its_members(ada, bob, project, wrong_counts):
    task = project.task(assignee=bob.id)

    project.delete(removing=[bob, ada])

    assert wrong_counts() == 0
    assert ada.get(f"{TASKS}{task['id']}/").status_code == 404
    assert ada.get("/api/v1/reports/insight/").json["total"] == 0


def test_what_is_written_while_a_project_goes_goes_with_it(ada, bob, project, rows, wrong_counts):
    body = {"title": "x", "board": project.board_id}

    def create(person):
        return [person.post(TASKS, json=body).status_code for _ in range(10)]

    *codes, _ = at_once([lambda: create(twin(ada)), lambda: create(twin(bob)), project.delete])

    assert {code for of_one in codes for code in of_one} <= {201, 404}
    assert rows("SELECT id FROM tasks WHERE deleted_at IS NULL") == []
    assert wrong_counts() == 0
    assert ada.get("/api/v1/reports/insight/").json["total"] == 0


def test_an_answer_from_before_a_deletion_is_not_stored_after_it(
    ada, admin, project, redis_client, monkeypatch
):
    task = project.task()
    redis_client.flushdb()  # As long after the last change of that day.
    real = by_date._from_database

    def slow(day, actor):
        found = real(day, actor)
        project.delete()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(by_date, "_from_database", slow)
        assert admin.get(day_of(task)).json["count"] == 1

    assert admin.get(day_of(task)).json["count"] == 0


def test_a_day_is_not_stored_for_who_joined_while_it_was_read(ada, eve, project, monkeypatch):
    task = project.task()
    real = by_date._from_database

    def slow(day, actor):
        project.add(eve)
        return real(day, actor)

    with monkeypatch.context() as patch:
        patch.setattr(by_date, "_from_database", slow)
        assert eve.get(day_of(task)).json["count"] == 1
    project.remove(eve)

    assert eve.get(day_of(task)).json["count"] == 0


def test_a_member_who_is_manager_everywhere_is_manager_here(ada, make_person, project):
    mia, max_ = (make_person(name, role=Role.MANAGER) for name in ("mia", "max"))
    project.add(mia)
    task = project.task()

    assert sights(max_, task) == set()
    assert sights(mia, task) == EVERYWHERE
    assert mia.delete(f"{TASKS}{task['id']}/").status_code == 204
    assert mia.post(f"{TASKS}{task['id']}/restore/").status_code == 200


def test_who_deletes_and_restores(ada, bob, eve, admin, make_person, project):
    mia = make_person("mia")
    project.add(mia, "MANAGER")
    project.add(eve)

    for person, code in [(eve, 403), (bob, 204), (mia, 204), (ada, 204), (admin, 204)]:
        task = project.task(bob)
        answer = person.delete(f"{TASKS}{task['id']}/")
        assert answer.status_code == code, person.username
        if code == 403:
            assert "MANAGER" in answer.json["detail"]
        else:
            assert eve.post(f"{TASKS}{task['id']}/restore/").status_code == 403
            assert person.post(f"{TASKS}{task['id']}/restore/").status_code == 200


def test_an_administrator_works_in_every_project(ada, admin, project):
    task = project.task(admin, assignee=ada.id)

    assert (task["reporter"], task["project"]) == (admin.id, project.id)
    assert admin.patch(f"{TASKS}{task['id']}/", json={"status": "DONE"}).status_code == 200
    assert [t["id"] for t in ada.get(TASKS).json["results"]] == [task["id"]]


FILL = """
INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,
                   reporter_id, assignee_id, due_at, due_date_only, estimated_hours, sla_breached,
                   version, created_at, updated_at, completed_at)
VALUES (:title, '', :status, :priority, :project, :board, :position, :reporter, :assignee, :due,
        false, :hours, :late, :version, :created, :created, :completed)
"""
BASE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def merged(ada, bob, eve, make_project, app):
    """What bob sees: tasks of several projects and outside, with many ties; and others."""
    chance = random.Random(7)
    homes = [make_project(ada, {bob: "MEMBER"}) for _ in range(4)] + [make_project(ada), None]
    values = []
    for number in range(90):
        home = chance.choice(homes)
        moment = chance.choice([None, BASE, BASE + timedelta(hours=1)])
        values.append(
            {
                "title": chance.choice(["a", "B", "ä", "10", "9"]),
                "status": chance.choice(["BACKLOG", "TODO", "REVIEW", "DONE"]),
                "priority": chance.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
                "project": home and home.id,
                "board": home and home.board_id,
                "position": home and f"a{number:03}",
                "reporter": chance.choice([ada, bob, eve]).id,
                "assignee": chance.choice([ada.id, bob.id, None]),
                "due": moment,
                "hours": chance.choice([None, 0, 0.5]),
                "late": chance.choice([True, False]),
                "version": chance.choice([1, 2]),
                "created": BASE + timedelta(seconds=chance.choice([0, 1, 2])),
                "completed": chance.choice([None, BASE]),
            }
        )
        if home is homes[4]:
            values[-1]["assignee"] = chance.choice([ada.id, None])
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(FILL), values)
    seen_homes = {home.id for home in homes[:4]}
    return lambda task: (
        task["project"] in seen_homes
        if task["project"]
        else bob.id in (task["reporter"], task["assignee"])
    )


def read_all(person, path):
    """Every page by its `next` links, then all of them back again by `previous`."""
    pages, following = [], path
    while following:
        url = urlsplit(following)
        answer = person.get(f"{url.path}?{url.query}")
        assert answer.status_code == 200, answer.text
        pages.append(answer.json)
        following = answer.json["next"]
    back, previous = [pages[-1]["results"]], pages[-1]["previous"]
    while previous:
        url = urlsplit(previous)
        answer = person.get(f"{url.path}?{url.query}").json
        back.insert(0, answer["results"])
        previous = answer["previous"]
    forth = [task for page in pages for task in page["results"]]
    assert [task for results in back for task in results] == forth
    assert {page["count"] for page in pages} == {len(forth)}
    return forth


ORDERINGS = [sign + name for name in SORTABLE if name != "title" for sign in ("", "-")]


@pytest.mark.parametrize("ordering", [*ORDERINGS, "status,-position", "-priority,due_date,board"])
def test_lists_merge_projects_in_every_order(bob, admin, merged, ordering):
    everything = read_all(admin, f"{TASKS}?ordering=id&page_size=100")

    found = read_all(bob, f"{TASKS}?ordering={ordering}&page_size=7")

    expected = [task for task in everything if merged(task)]
    assert 40 < len(expected) < len(everything)
    assert [task["id"] for task in found] == [t["id"] for t in plainly(expected, ordering)]
    numbered = [
        task
        for page in range(1, len(expected) // 7 + 2)
        for task in bob.get(f"{TASKS}?ordering={ordering}&page_size=7&page={page}").json["results"]
    ]
    assert numbered == found


RANKS = {
    "status": ["BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE", "CANCELLED", "ARCHIVED"],
    "priority": ["LOW", "MEDIUM", "HIGH", "CRITICAL"],
}


def plainly(tasks, ordering):
    """The order by Python's own sort: nulls last in both directions, then the id."""
    keys = ordering.split(",")
    if "id" not in (key.removeprefix("-") for key in keys):
        keys.append("-id" if keys[-1].startswith("-") else "id")
    for key in reversed(keys):
        name = key.removeprefix("-")

        def value(task, name=name):
            return RANKS[name].index(task[name]) if name in RANKS else task[name]

        filled = [task for task in tasks if task[name] is not None]
        empty = [task for task in tasks if task[name] is None]
        tasks = sorted(filled, key=value, reverse=key.startswith("-")) + empty
    return tasks


def test_filters_and_reports_count_over_all_projects(bob, admin, merged):
    everything = read_all(admin, f"{TASKS}?ordering=id&page_size=100")
    expected = [task for task in everything if merged(task)]

    for name in ("status", "priority"):
        for value in RANKS[name]:
            found = read_all(bob, f"{TASKS}?{name}={value}&page_size=9")
            wanted = [task["id"] for task in expected if task[name] == value]
            assert sorted(task["id"] for task in found) == wanted
    mine = read_all(bob, f"{TASKS}mine/?page_size=9&ordering=due_date")
    assert sorted(t["id"] for t in mine) == [t["id"] for t in expected if t["assignee"] == bob.id]
    day = bob.get(f"{TASKS}by-date/2026-03-01/").json["results"]
    newest = sorted(expected, key=lambda t: (t["created_at"], t["id"]), reverse=True)
    assert [task["id"] for task in day] == [task["id"] for task in newest]


def test_a_list_over_twenty_memberships_reads_no_table_and_costs_no_more_queries(
    app, ada, bob, make_project, rows
):
    counts = []
    for size in (1, 19):
        for _ in range(size):
            home = make_project(ada, {bob: "MEMBER"})
            rows(
                "INSERT INTO tasks (title, description, status, priority, project_id, board_id,"
                " position, reporter_id, due_date_only, sla_breached, version, created_at,"
                " updated_at)"
                " SELECT 'x', repeat(md5(n::text), 8), 'TODO', 'LOW', :p, :b,"
                " 'a' || lpad(n::text, 5, '0'), :u, false, false, 1,"
                " now() - n * interval '1 minute', now()"
                " FROM generate_series(1, 5000) n",
                p=home.id, b=home.board_id, u=ada.id,
            )  # fmt: skip
        rows("ANALYZE tasks, project_members")
        with app.app_context():
            with recorded(db.engine) as queries:
                answer = bob.get(TASKS)
            assert answer.json["count"] == 5000 * (size if size == 1 else 20)
            counts.append(len(queries.statements))
    with app.app_context():
        page = next(
            (statement, values)
            for statement, values in queries.statements
            if "json_build_object" in statement
        )
        plan = explain(db.engine, *page)
        assert sequential_scans(plan, "tasks") == []
    assert counts[0] == counts[1] <= 3
