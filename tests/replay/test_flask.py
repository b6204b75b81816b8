"""Task Management API (Flask-based)."""

import json
from typing import Any

import pytest
import redis
from service import Client, Service, answer_of, is_refusal_for_too_many
from tree import Tree

pytestmark = [pytest.mark.xdist_group("replay Flask-based"), pytest.mark.timeout(180)]

DAY = "2025-04-06"


@pytest.fixture(scope="module")
def registered(service: Service) -> dict[str, Any]:
    body = {"username": "admin", "password": "admin123", "role": "admin"}
    answer: dict[str, Any] = answer_of(service.send("POST", "/users/register", json=body), 201)
    return answer


@pytest.fixture(scope="module")
def signed_in(service: Service, registered: dict[str, Any]) -> dict[str, Any]:
    body = {"username": "admin", "password": "admin123"}
    answer: dict[str, Any] = answer_of(service.send("POST", "/users/login", json=body), 200)
    return answer


@pytest.fixture(scope="module")
def admin(service: Service, registered: dict[str, Any], signed_in: dict[str, Any]) -> Client:
    return Client(service, registered["id"], "admin", signed_in["access_token"])


def _created(admin: Client, **fields: Any) -> int:
    body = {"task_name": "Sync the logs", "description": "Every day", "priority": "HIGH"}
    task = answer_of(admin.send("POST", "/tasks/create-task", json=body | fields), 201)
    return int(task["id"])


def test_21_the_first_admin_registers(registered):
    """POST /users/register {"username": "admin", "password": "admin123", "role": "admin"}"""
    assert registered["username"] == "admin"
    assert registered["role"].lower() == "admin"
    assert {"message", "id"} <= registered.keys()
    assert not any("password" in name for name in registered)


def test_22_signing_in_gives_an_access_token(service, signed_in):
    """POST /users/login {"username": "admin", "password": "admin123"}"""
    wrong = {"username": "admin", "password": "not the password"}

    assert isinstance(signed_in["access_token"], str)
    refused = service.send("POST", "/users/login", json=wrong)
    assert "error" in answer_of(refused, 401)


def test_23_a_day_is_read_and_cached_and_the_6th_call_is_refused(service, admin, tree: Tree | None):
    """GET /tasks/task/2025-04-06"""
    path = f"/tasks/task/{DAY}"
    task_id = _created(admin, created_at=DAY)
    assert "error" in answer_of(service.send("GET", path), 401)

    # A minute allows five calls; these are they.
    missed = admin.get(path)
    assert "error" in answer_of(admin.get("/tasks/task/2025-13-99"), 400)
    assert "error" in answer_of(admin.get("/tasks/task/2001-01-01"), 404)
    hits = [admin.get(path) for _ in range(2)]
    sixth = admin.get(path)

    shown = answer_of(missed, 200)
    assert task_id in {task["id"] for task in shown}
    assert all(answer_of(hit, 200) == shown for hit in hits)
    assert is_refusal_for_too_many(sixth)
    assert "error" in sixth.json()
    if tree:
        _expect_cached(tree, task_id)


def _expect_cached(tree: Tree, task_id: int) -> None:
    with redis.Redis.from_url(tree.address("REDIS_URL"), decode_responses=True) as server:
        value, seconds = server.get(f"task:{DAY}"), server.ttl(f"task:{DAY}")
    assert [task["id"] for task in json.loads(value)] == [task_id]
    assert 0 < seconds <= 3600


def test_24_a_task_is_created(admin):
    """POST /tasks/create-task {"task_name", "description", "priority", "assigned_user"}"""
    body = {
        "task_name": "Finish the assignment",
        "description": "Clean, modular and ready",
        "priority": "HIGH",
        "assigned_user": admin.id,
    }

    task = answer_of(admin.send("POST", "/tasks/create-task", json=body), 201)

    assert task["task_name"] == body["task_name"]
    assert task["description"] == body["description"]
    assert task["priority"] == "HIGH"
    assert task["is_active"] is True
    assert isinstance(task["id"], int)


def test_25_a_task_is_updated_and_an_unknown_one_is_not_found(admin):
    """PUT /tasks/update-task/1 {"task_name", "priority"}"""
    body = {"task_name": "Sync all logs", "priority": "LOW"}

    task = answer_of(admin.send("PUT", f"/tasks/update-task/{_created(admin)}", json=body), 200)

    assert body.items() <= task.items()
    missing = admin.send("PUT", "/tasks/update-task/999999999", json=body)
    assert "error" in answer_of(missing, 404)


def test_26_a_deleted_task_stays_as_an_inactive_row(admin):
    """DELETE /tasks/delete/1"""
    task_id = _created(admin)

    deleted = answer_of(admin.send("DELETE", f"/tasks/delete/{task_id}"), 200)

    assert "message" in deleted
    update = admin.send("PUT", f"/tasks/update-task/{task_id}", json={"priority": "LOW"})
    assert update.status_code == 404
    restored = admin.send("POST", f"/api/v1/tasks/{task_id}/restore/")
    assert answer_of(restored, 200)["title"] == "Sync the logs"


def test_27_the_database_is_healthy(service):
    """GET /api/health/db"""
    assert answer_of(service.send("GET", "/api/health/db"), 200) == {
        "status": "success",
        "message": "Database connection is healthy",
    }


def test_28_the_6th_check_of_the_limiter_is_refused(service):
    """GET /api/check-limiter"""
    answers = [service.send("GET", "/api/check-limiter") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert is_refusal_for_too_many(answers[-1])
