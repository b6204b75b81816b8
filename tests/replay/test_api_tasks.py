"""Task Management API, /api/tasks/."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from service import Client, Service, answer_of, is_refusal_for_too_many
from tree import PASSWORD, Tree, wait_until

pytestmark = [pytest.mark.xdist_group("replay /api/tasks/"), pytest.mark.timeout(180)]

ENVIRON = {
    "DEBUG": "True",
    "RATE_LIMIT_REQUESTS": "100",
    "RATE_LIMIT_WINDOW": "3600",
    "AWS_LAMBDA_FUNCTION_NAME": "task-notification",
    "AWS_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def me(service: Service) -> Client:
    return service.sign_up("vishal", scheme="Token")


@pytest.fixture(scope="module")
def colleague(service: Service) -> Client:
    return service.sign_up("kumar", scheme="Token")


def _created(by: Client, to: Client, **fields: Any) -> dict[str, Any]:
    body = {"task_name": "Write the report", "task_status": "pending", "assigned_to": to.id}
    task: dict[str, Any] = answer_of(by.send("POST", "/api/tasks/", json=body | fields), 201)
    return task


@pytest.fixture
def create(me: Client) -> Callable[..., dict[str, Any]]:
    """Makes a task of mine, assigned to me unless said otherwise."""
    return lambda to=me, **fields: _created(me, to, **fields)


def _ids(response: Any) -> set[int]:
    tasks = answer_of(response, 200)
    assert isinstance(tasks, list)
    return {task["id"] for task in tasks}


def test_01_a_name_and_a_password_give_a_token(service, me):
    """POST /api/token/ {"username", "password"}"""
    body = {"username": me.username, "password": PASSWORD}

    issued = answer_of(service.send("POST", "/api/token/", json=body), 200)

    for scheme in ("Token", "Bearer"):
        listed = service.send("GET", "/api/tasks/", token=issued["token"], scheme=scheme)
        assert listed.status_code == 200
    wrong = service.send("POST", "/api/token/", json=body | {"password": "not the password"})
    assert wrong.status_code == 401


def test_02_the_list_is_an_array_of_what_the_caller_created_or_is_assigned(me, colleague, create):
    """GET /api/tasks/"""
    mine = create(to=colleague)
    given = _created(colleague, me)
    foreign = _created(colleague, colleague)

    found = _ids(me.get("/api/tasks/"))

    assert {mine["id"], given["id"]} <= found
    assert foreign["id"] not in found


def test_03_a_task_is_created(me, colleague):
    """POST /api/tasks/ {"task_name", "task_status", "assigned_to"}"""
    body = {"task_name": "Write tests", "task_status": "pending", "assigned_to": colleague.id}

    task = answer_of(me.send("POST", "/api/tasks/", json=body), 201)

    assert body.items() <= task.items()
    assert task["assigned_by"] == me.id
    assert {"id", "task_description", "due_date"} <= task.keys()


def test_04_a_task_is_read(me, colleague, create):
    """GET /api/tasks/<id>/"""
    task = create(task_description="All of it")

    assert answer_of(me.get(f"/api/tasks/{task['id']}/"), 200) == task
    assert colleague.get(f"/api/tasks/{task['id']}/").status_code == 404


def test_05_a_put_that_completes_a_task_calls_lambda_once(me, create, tree: Tree | None):
    """PUT /api/tasks/<id>/ {"task_name", "task_status": "completed", "assigned_to"}"""
    name = "Completed by a put"
    path = f"/api/tasks/{create(task_name=name)['id']}/"
    body = {"task_name": name, "task_status": "completed", "assigned_to": me.id}

    for _ in range(2):
        task = answer_of(me.send("PUT", path, json=body), 200)
        assert body.items() <= task.items()

    if tree:
        _expect_one_lambda_line(tree, f"Task '{name}' assigned to {me.username} is now completed")


def _expect_one_lambda_line(tree: Tree, message: str) -> None:
    wait_until(lambda: tree.lines(f"Lambda Notification: {message}"), 15, "the Lambda line")
    time.sleep(1)
    assert len(tree.lines(f"Lambda Notification: {message}")) == 1


def test_06_a_patch_changes_only_what_it_names(me, create):
    """PATCH /api/tasks/<id>/ {"task_status"}"""
    before = create(task_description="All of it")
    path = f"/api/tasks/{before['id']}/"

    after = answer_of(me.send("PATCH", path, json={"task_status": "in_progress"}), 200)

    assert after["task_status"] == "in_progress"
    for kept in ("task_name", "task_description", "assigned_to", "assigned_by"):
        assert after[kept] == before[kept]


def test_07_a_deleted_task_is_gone(me, create):
    """DELETE /api/tasks/<id>/"""
    path = f"/api/tasks/{create()['id']}/"

    assert answer_of(me.send("DELETE", path), 204) is None
    assert me.get(path).status_code == 404


def test_08_my_tasks_are_those_assigned_to_the_caller(me, colleague, create):
    """GET /api/tasks/my_tasks/"""
    given = _created(colleague, me)
    away = create(to=colleague)

    found = _ids(me.get("/api/tasks/my_tasks/"))

    assert given["id"] in found
    assert away["id"] not in found


def test_09_the_pending_ones_are_listed(me, create):
    """GET /api/tasks/?task_status=pending"""
    _expect_filtered_by_status(me, create, "pending")


def test_10_the_completed_ones_are_listed(me, create):
    """GET /api/tasks/?task_status=completed"""
    _expect_filtered_by_status(me, create, "completed")


def _expect_filtered_by_status(me: Client, create: Callable[..., Any], status: str) -> None:
    tasks = {word: create(task_status=word)["id"] for word in ("pending", "completed")}

    found = answer_of(me.get(f"/api/tasks/?task_status={status}"), 200)

    assert {task["task_status"] for task in found} == {status}
    assert {task["id"] for task in found} & set(tasks.values()) == {tasks[status]}


def test_11_the_tasks_of_one_assignee_are_listed(me, colleague, create):
    """GET /api/tasks/?assigned_to=<user_id>"""
    own, away = create(), create(to=colleague)

    found = answer_of(me.get(f"/api/tasks/?assigned_to={colleague.id}"), 200)

    assert {task["assigned_to"] for task in found} == {colleague.id}
    assert away["id"] in {task["id"] for task in found}
    assert own["id"] not in {task["id"] for task in found}


def test_12_the_101st_call_is_refused_and_recorded(service, me, tree: Tree | None):
    """GET /api/tasks/ (RATE_LIMIT_REQUESTS=100, RATE_LIMIT_WINDOW=3600)"""
    busy = service.sign_up("busy", scheme="Token")

    answers = [busy.get("/api/tasks/") for _ in range(101)]

    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert is_refusal_for_too_many(answers[-1])
    assert "detail" in answers[-1].json()
    assert me.get("/api/tasks/").status_code == 200
    if tree:
        _expect_a_record(tree, service, busy)


def _expect_a_record(tree: Tree, service: Service, busy: Client) -> None:
    login = {"email": "root@example.com", "password": PASSWORD}
    words = [word for name, value in login.items() for word in (f"--{name}", value)]
    tree.flask("create-admin", "--username", "root", *words)
    tree.flask("jobs", "run", "flush_rate_limit_records")
    admin = answer_of(service.send("POST", "/api/v1/auth/login/", json=login), 200)["access"]

    query = f"/api/v1/admin/rate-limits/?user={busy.id}"
    page = answer_of(service.send("GET", query, token=admin), 200)

    # Of two hours, if the hour ended meanwhile.
    records = [record for record in page["results"] if record["endpoint"] == "GET /api/tasks/"]
    assert sum(record["requests"] for record in records) == 101
    assert sum(record["rejected"] for record in records) == 1
