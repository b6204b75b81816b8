"""Task & Workflow Management API."""

from typing import Any

import pytest
from service import Client, Service, answer_of

pytestmark = [pytest.mark.xdist_group("replay /api/v1/"), pytest.mark.timeout(180)]

ENVIRON = {
    "DEBUG": "True",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "JWT_ACCESS_TOKEN_LIFETIME": "60",
    "JWT_REFRESH_TOKEN_LIFETIME": "1440",
}

TASK = {"title": "Implement feature X", "board": 1, "priority": "HIGH", "status": "TODO"}


@pytest.fixture(scope="module")
def registered(service: Service) -> dict[str, Any]:
    body = {
        "username": "john",
        "email": "john@example.com",
        "password": "SecurePass123!",
        "password_confirm": "SecurePass123!",
    }
    answer: dict[str, Any] = answer_of(service.send("POST", "/api/v1/auth/users/", json=body), 201)
    return answer


@pytest.fixture(scope="module")
def signed_in(service: Service, registered: dict[str, Any]) -> dict[str, Any]:
    body = {"email": "john@example.com", "password": "SecurePass123!"}
    answer: dict[str, Any] = answer_of(service.send("POST", "/api/v1/auth/login/", json=body), 200)
    return answer


@pytest.fixture(scope="module")
def john(service: Service, registered: dict[str, Any], signed_in: dict[str, Any]) -> Client:
    return Client(service, registered["id"], "john", signed_in["access"])


def test_29_the_service_is_healthy(service):
    """GET /api/health/"""
    assert answer_of(service.send("GET", "/api/health/"), 200) == {
        "status": "healthy",
        "database": "connected",
        "cache": "connected",
    }


def test_30_a_user_registers(registered):
    """POST /api/v1/auth/users/ {"username": "john", "email", "password", "password_confirm"}"""
    assert registered["username"] == "john"
    assert registered["email"] == "john@example.com"
    assert isinstance(registered["id"], int)
    assert not any("password" in name for name in registered)


def test_31_signing_in_gives_tokens_and_the_user(service, registered, signed_in):
    """POST /api/v1/auth/login/ {"email": "john@example.com", "password": "SecurePass123!"}"""
    assert {"access", "refresh", "user"} <= signed_in.keys()
    assert signed_in["user"]["id"] == registered["id"]
    listed = service.send("GET", "/api/v1/tasks/", token=signed_in["access"])
    assert listed.status_code == 200


def test_32_a_task_is_created_on_board_1(john):
    """POST /api/v1/tasks/ {"title": "Implement feature X", "board": 1, "priority", "status"}"""
    task = answer_of(john.send("POST", "/api/v1/tasks/", json=TASK), 201)

    assert TASK.items() <= task.items()
    assert task["reporter"] == john.id


def test_33_the_urgent_tasks_in_progress_are_listed(john):
    """GET /api/v1/tasks/?priority=HIGH&status=IN_PROGRESS"""
    wanted = {"priority": "HIGH", "status": "IN_PROGRESS"}
    others = [{"priority": "LOW"}, {"status": "TODO"}]
    ids = [
        answer_of(john.send("POST", "/api/v1/tasks/", json=TASK | wanted | other), 201)["id"]
        for other in ({}, *others)
    ]

    page = answer_of(john.get("/api/v1/tasks/?priority=HIGH&status=IN_PROGRESS"), 200)

    assert page.keys() == {"count", "next", "previous", "results"}
    assert all(wanted.items() <= task.items() for task in page["results"])
    assert {task["id"] for task in page["results"]} & set(ids) == {ids[0]}


def test_34_the_interactive_documents_open(service):
    """GET /api/docs/, GET /api/redoc/"""
    for path in ("/api/docs/", "/api/redoc/"):
        page = service.send("GET", path)
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith("text/html")
