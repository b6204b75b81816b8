"""How many comments a task has: kept with the task, the same wherever the task is shown."""

import runpy

import pytest

from app.comments import service
from app.core.db import unit_of_work
from app.extensions import db
from app.users.actor import Actor
from app.users.queries import find_user
from benchmarks.plans import recorded
from tests.api.conftest import TASKS, at_once
from tests.conftest import MIGRATIONS

DIALECTS = ["/api/tasks/", "/tasks/", "/api/task/"]


def say(person, task, **fields):
    answer = person.post(f"{TASKS}{task['id']}/comments/", json={"body": "Hello"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json


def take_back(person, comment):
    assert person.delete(f"/api/v1/comments/{comment['id']}/").status_code == 204


def numbers(person, task):
    shown = person.get(f"{TASKS}{task['id']}/").json
    return shown["comments_count"], shown["comments_version"]


@pytest.fixture
def task(ada, bob, make_project):
    return make_project(ada, {bob: "MEMBER"}).task(status="TODO")


def test_a_task_shows_how_many_comments_it_has_wherever_it_is(ada, bob, task):
    assert (task["comments_count"], task["comments_version"]) == (0, 0)
    first = say(ada, task)
    say(bob, task, parent=first["id"])
    ada.patch(f"/api/v1/comments/{first['id']}/", json={"body": "Better"})

    shown = bob.get(f"{TASKS}{task['id']}/").json
    assert (shown["comments_count"], shown["comments_version"]) == (2, 2)
    assert shown["version"] == task["version"]
    assert bob.get(TASKS).json["results"] == [shown]
    (found,) = bob.get(TASKS, query_string={"search": task["title"]}).json["results"]
    assert found.items() >= shown.items()
    board = bob.get(f"/api/v1/boards/{task['board']}/").json
    assert [card for column in board["columns"] for card in column["tasks"]] == [shown]


def test_deleted_comments_are_not_counted_and_each_but_once(ada, bob, task):
    kept, gone = say(ada, task), say(bob, task)
    for _ in range(2):
        take_back(bob, gone)

    assert numbers(ada, task) == (1, 3)
    take_back(ada, kept)
    assert numbers(ada, task) == (0, 4)


def test_the_number_goes_with_the_task(ada, task):
    say(ada, task)
    path = f"{TASKS}{task['id']}/"
    ada.put(path, json={"title": "Anew", "board": task["board"]})
    ada.post(f"{path}move/", json={"status": "DONE"})
    ada.delete(path)

    restored = ada.post(f"{path}restore/").json
    assert restored["comments_count"] == 1
    assert ada.patch(path, json={"board": None}).json["comments_count"] == 1


def test_nobody_sets_the_number(ada, task):
    for name in ("comments_count", "comments_version"):
        for answer in (
            ada.patch(f"{TASKS}{task['id']}/", json={name: 5}),
            ada.post(TASKS, json={"title": "New", name: 5}),
        ):
            assert (answer.status_code, list(answer.json["errors"])) == (422, [name])


def test_what_is_refused_is_not_counted(ada, eve, task):
    path = f"{TASKS}{task['id']}/comments/"

    assert eve.post(path, json={"body": "Hello"}).status_code == 404
    assert ada.post(path, json={"body": " "}).status_code == 422
    assert ada.post(path, json={"body": "Hello", "parent": 999}).status_code == 422
    assert numbers(ada, task) == (0, 0)


class Died(Exception):
    pass


def add_and_die(session, *given, **more):
    service.add_comment(session, *given, **more)
    session.flush()
    raise Died


def test_a_comment_that_is_not_written_in_the_end_is_not_counted(app, ada, task):
    data = {"body": "Hello", "parent": None}
    with app.app_context(), pytest.raises(Died), unit_of_work() as session:
        add_and_die(session, task["id"], data, actor=Actor.of(find_user(session, ada.id)))

    assert numbers(ada, task) == (0, 0)


def test_comments_at_once_are_all_counted(ada, bob, task):
    gone = [say(ada, task) for _ in range(4)]
    path = f"{TASKS}{task['id']}/"

    at_once(
        [lambda person=person: say(person, task) for person in (ada, bob) for _ in range(4)]
        + [lambda each=each: take_back(ada, each) for each in gone]
        + [lambda n=n: ada.patch(path, json={"title": f"T{n}"}) for n in range(4)]
    )

    assert numbers(ada, task) == (8, 16)
    assert ada.get(f"{path}comments/").json["count"] == 12


def test_the_same_comment_deleted_at_once_is_one_less(ada, bob, task):
    say(bob, task)
    gone = say(ada, task)

    at_once([lambda: take_back(ada, gone)] * 4)

    assert numbers(bob, task) == (1, 3)


def test_a_page_costs_no_query_more_with_comments(app, ada, make_project):
    made = make_project(ada)
    tasks, statements = [made.task() for _ in range(5)], []
    for _ in range(2):
        with app.app_context(), recorded(db.engine) as queries:
            assert len(ada.get(TASKS).json["results"]) == 5
        statements.append([statement for statement, _ in queries.statements])
        for task in tasks:
            say(ada, task)

    assert len(statements[0]) == len(statements[1])
    assert "FROM comments" not in str(statements)


def test_the_etag_tells_of_comments_and_a_change_asks_for_the_version_alone(ada, bob, task):
    path = f"{TASKS}{task['id']}/"
    before = ada.get(path).headers["ETag"]
    say(bob, task)

    answer = ada.get(path, headers={"If-None-Match": before})
    assert (answer.status_code, answer.json["comments_count"]) == (200, 1)
    after = answer.headers["ETag"]
    assert ada.get(path, headers={"If-None-Match": after}).status_code == 304
    for tag, status in ((before, 200), (after, 412), ('"v2"', 200), ('"v3-1"', 200)):
        body = {"title": f"After {tag}"}
        assert ada.patch(path, json=body, headers={"If-Match": tag}).status_code == status, tag


def test_the_comments_of_before_are_counted_once_and_for_all(app, ada, task, rows):
    other = ada.create_task()
    add = (
        "INSERT INTO comments (task_id, author_id, body, mentions, created_at, deleted_at) "
        "SELECT :task, :author, '', '{}', now(), CASE WHEN n > 3 THEN now() END "
        "FROM generate_series(1, 5) AS n"
    )
    rows(add, task=task["id"], author=ada.id)
    migration = runpy.run_path(str(MIGRATIONS / "20261121_0011_comment_counts.py"))

    rows(migration["COUNT"])

    assert (numbers(ada, task), numbers(ada, other)) == ((3, 7), (0, 0))


def test_the_other_apis_answer_as_before(ada, bob):
    task = ada.create_task(assignee=bob.id)
    paths = [*DIALECTS, *(f"{path}{task['id']}/" for path in DIALECTS)]
    paths += ["/tasks/task-records", f"/tasks/task/{task['created_at'][:10]}"]
    paths += [f"{TASKS}by-date/{task['created_at'][:10]}/"]

    def answers():
        found = [ada.get(path) for path in paths]
        assert {answer.status_code for answer in found} == {200}
        return [(answer.data, answer.headers.get("ETag")) for answer in found]

    before = answers()
    say(bob, task)
    assert answers() == before
    assert "comment" not in str(before)
