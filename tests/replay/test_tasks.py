"""Task Management API, /tasks/."""

import json
import time
from typing import Any

import pytest
from service import Client, Service, answer_of
from tree import Tree, wait_until

from lambda_function import lambda_handler

pytestmark = [pytest.mark.xdist_group("replay /tasks/"), pytest.mark.timeout(180)]

ACCOUNT = {"username": "test2", "password": "password"}


@pytest.fixture(scope="module")
def registered(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = answer_of(service.send("POST", "/register/", json=ACCOUNT), 201)
    return answer


@pytest.fixture(scope="module")
def issued(service: Service, registered: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = answer_of(service.send("POST", "/api/token/", json=ACCOUNT), 200)
    return answer


@pytest.fixture(scope="module")
def test2(service: Service, registered: dict[str, Any], issued: dict[str, Any]) -> Client:
    return Client(service, registered["id"], "test2", issued["token"], "Token")


@pytest.fixture
def body(test2: Client) -> dict[str, Any]:
    return {
        "title": "Example Task",
        "description": "As the document has it",
        "status": "pending",
        "assigned_to": test2.id,
    }


@pytest.fixture
def task(test2: Client, body: dict[str, Any]) -> dict[str, Any]:
    created: dict[str, Any] = answer_of(test2.send("POST", "/tasks/", json=body), 201)
    return created


def test_13_registering_gives_id_and_name(registered):
    """POST /register/ {"username": "test2", "password": "password"}"""
    assert registered["username"] == "test2"
    assert isinstance(registered["id"], int)
    assert not any("password" in name for name in registered)


def test_14_the_token_lets_in(service, issued):
    """POST /api/token/ {"username": "test2", "password": "password"}"""
    assert service.send("GET", "/tasks/", token=issued["token"], scheme="Token").status_code == 200
    assert service.send("GET", "/tasks/").status_code == 401


def test_15_the_list_is_an_array(test2, task):
    """GET /tasks/"""
    tasks = answer_of(test2.get("/tasks/"), 200)

    assert isinstance(tasks, list)
    assert task in tasks


def test_16_a_task_is_created(test2, body):
    """POST /tasks/ {"title", "description", "status": "pending", "assigned_to": 1}"""
    task = answer_of(test2.send("POST", "/tasks/", json=body), 201)

    assert body.items() <= task.items()
    assert isinstance(task["id"], int)


def test_17_a_task_is_read(test2, task):
    """GET /tasks/1/"""
    assert answer_of(test2.get(f"/tasks/{task['id']}/"), 200) == task


def test_18_an_update_holds_and_completing_calls_lambda_once(test2, task, body, tree: Tree | None):
    """PUT /tasks/1/ {"title", "description", "status": "completed", "assigned_to": 1}"""
    path, body = f"/tasks/{task['id']}/", body | {"title": "Completed in the end"}
    assert body.items() <= answer_of(test2.send("PUT", path, json=body), 200).items()

    for _ in range(2):
        completed = body | {"status": "completed"}
        assert completed.items() <= answer_of(test2.send("PUT", path, json=completed), 200).items()

    if tree:
        _expect_one_lambda_line(tree, "Task 'Completed in the end' assigned to test2 is now")


def _expect_one_lambda_line(tree: Tree, message: str) -> None:
    wait_until(lambda: tree.lines(f"Lambda Notification: {message}"), 15, "the Lambda line")
    time.sleep(1)
    assert len(tree.lines(f"Lambda Notification: {message}")) == 1


def test_19_a_deleted_task_is_gone(test2, task):
    """DELETE /tasks/1/"""
    path = f"/tasks/{task['id']}/"

    assert answer_of(test2.send("DELETE", path), 204) is None
    assert test2.get(path).status_code == 404


def test_20_the_lambda_function_answers_with_the_message(capsys):
    """aws lambda invoke --payload '{"task_title": "Example Task", "assigned_to": "John Doe"}'"""
    message = "Task 'Example Task' assigned to John Doe is now completed."

    answer = lambda_handler({"task_title": "Example Task", "assigned_to": "John Doe"}, None)

    assert answer == {"statusCode": 200, "body": json.dumps({"message": message})}
    assert f"Lambda Notification: {message}" in capsys.readouterr().out
