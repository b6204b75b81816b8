"""Task Management System."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from celery.schedules import crontab
from service import Client, Service, answer_of
from tree import Tree, wait_until

from workers.schedule import SCHEDULE

pytestmark = [pytest.mark.xdist_group("replay /api/task/"), pytest.mark.timeout(180)]

TASK = {
    "title": "Task Title Example",
    "description": "This is a detailed description of the task.",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2025-03-31",
}
UPDATED = {
    "title": "Updated Task Title",
    "description": "Updated task description.",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2025-03-15",
}
DETAIL = {"id", "created_by", "assigned_to", "created_at", "updated_at"} | UPDATED.keys()
_numbers = count(124)


def _account(username: str) -> dict[str, str]:
    return {
        "username": username,
        "email": f"{username}@example.com",
        "password": "password123",
        "first_name": "user1",
        "last_name": "last_name",
    }


def _signed_in(service: Service, account: dict[str, Any]) -> Client:
    body = {"username": account["username"], "password": "password123"}
    issued = answer_of(service.send("POST", "/api/token/", json=body), 200)
    return Client(service, account["id"], account["username"], issued["access"])


@pytest.fixture(scope="module")
def registered(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = answer_of(
        service.send("POST", "/api/users/", json=_account("user123")), 201
    )
    return answer


@pytest.fixture(scope="module")
def me(service: Service, registered: dict[str, Any]) -> Client:
    return _signed_in(service, registered)


@pytest.fixture
def new_user(service: Service) -> Callable[[], Client]:
    """Registers and signs in the next user."""

    def make() -> Client:
        body = _account(f"user{next(_numbers)}")
        return _signed_in(service, answer_of(service.send("POST", "/api/users/", json=body), 201))

    return make


@pytest.fixture
def assignee(me: Client, new_user: Callable[[], Client]) -> Client:
    return new_user()


@pytest.fixture
def task(me: Client, assignee: Client) -> dict[str, Any]:
    body = TASK | {"assigned_to": assignee.id}
    created: dict[str, Any] = answer_of(me.send("POST", "/api/task/", json=body), 201)
    return created


def test_35_registering_tells_the_account_without_the_password(registered):
    """POST /api/users/ {"username": "user123", "email", "password", "first_name", "last_name"}"""
    shown = _account("user123")
    del shown["password"]

    assert shown.items() <= registered.items()
    assert isinstance(registered["id"], int)
    assert not any("password" in name for name in registered)


def test_36_signing_in_gives_refresh_and_access(service, registered):
    """POST /api/token/ {"username": "user123", "password": "password123"}"""
    body = {"username": "user123", "password": "password123"}

    issued = answer_of(service.send("POST", "/api/token/", json=body), 200)

    assert {"refresh", "access"} <= issued.keys()
    assert service.send("GET", "/api/task/", token=issued["access"]).status_code == 200


def test_37_users_read_change_and_delete_their_own_account_only(me, new_user):
    """GET, PUT, PATCH, DELETE /api/users/<id>"""
    user = new_user()
    path, body = f"/api/users/{user.id}", _account(user.username)
    shown = {name: value for name, value in body.items() if name != "password"} | {"id": user.id}

    assert shown.items() <= answer_of(user.get(path), 200).items()
    assert answer_of(user.get(f"{path}/"), 200) == answer_of(user.get(path), 200)
    for method, change in (("PUT", body | {"last_name": "put"}), ("PATCH", {"last_name": "past"})):
        changed = answer_of(user.send(method, path, json=change), 200)
        assert (shown | {"last_name": change["last_name"]}).items() <= changed.items()
        assert not any("password" in name for name in changed)
    for method in ("PUT", "PATCH", "DELETE"):
        assert me.send(method, path, json=body).status_code in {403, 404}
    assert answer_of(user.send("DELETE", path), 200) == {}
    assert user.get(path).status_code == 401


def test_38_a_task_is_created(me, assignee):
    """POST /api/task/ {"title", "description", "priority", "status", "due_date", "assigned_to"}"""
    body = TASK | {"assigned_to": assignee.id}

    task = answer_of(me.send("POST", "/api/task/", json=body), 201)

    assert body.items() <= task.items()
    assert isinstance(task["id"], int)


@pytest.fixture
def dated(new_user: Callable[[], Client]) -> tuple[Client, dict[str, int]]:
    """A user with one task for each of some dates around the document's."""
    user = new_user()
    dates = ["2025-02-28", "2025-03-01", "2025-03-15", "2025-03-31", "2025-04-01"]
    body = TASK | {"assigned_to": user.id}
    return user, {
        date: answer_of(user.send("POST", "/api/task/", json=body | {"due_date": date}), 201)["id"]
        for date in dates
    }


def test_39_tasks_are_filtered_by_priority_status_and_due_date(dated):
    """GET /api/task?priority=HIGH&status=IN_PROGRESS&due_date_gte=…&due_date_lte=2025-03-31"""
    user, ids = dated
    march = ["2025-03-01", "2025-03-15", "2025-03-31"]
    other = {"priority": "LOW", "assigned_to": user.id, "due_date": "2025-03-15"}
    answer_of(user.send("POST", "/api/task/", json=TASK | other), 201)
    answer_of(user.send("POST", "/api/task/", json=TASK | other | {"status": "PENDING"}), 201)
    wanted = "priority=HIGH&status=IN_PROGRESS"
    expected = {
        "due_date_gte=2025-03-01&due_date_lte=2025-03-31": march,
        "due_date=2025-03-15": ["2025-03-15"],
        "due_date_gt=2025-03-01&due_date_lt=2025-03-31": ["2025-03-15"],
    }

    for query, dates in expected.items():
        for path in ("/api/task", "/api/task/"):
            page = answer_of(user.get(f"{path}?{wanted}&{query}"), 200)
            assert page.keys() == {"count", "next", "previous", "results"}
            assert page["count"] == len(dates)
            assert {task["id"] for task in page["results"]} == {ids[date] for date in dates}


def test_40_a_task_is_read(me, assignee, task):
    """GET /api/task/1"""
    for path in (f"/api/task/{task['id']}", f"/api/task/{task['id']}/"):
        _expect_detail(answer_of(me.get(path), 200), TASK, me, assignee)


def _expect_detail(task: dict[str, Any], body: dict[str, Any], me: Client, other: Client) -> None:
    people = {"created_by": me.id, "assigned_to": other.id}
    assert task.keys() >= DETAIL
    assert (body | people).items() <= task.items()
    for name in ("created_at", "updated_at"):
        written = task[name]
        assert written.endswith("Z")
        assert datetime.fromisoformat(written) <= datetime.now(UTC)


def test_41_a_task_is_replaced(me, assignee, task):
    """PUT /api/task/1 {…, "created_by": {"id": 1}, "assigned_to": {"id": 2}}"""
    people = {"created_by": {"id": me.id}, "assigned_to": {"id": assignee.id}}

    for path in (f"/api/task/{task['id']}", f"/api/task/{task['id']}/"):
        replaced = answer_of(me.send("PUT", path, json=UPDATED | people), 200)
        _expect_detail(replaced, UPDATED, me, assignee)


def test_42_a_task_is_changed_in_part(me, assignee, task):
    """PATCH /api/task/1 {"title", "priority", "status", "due_date", "assigned_to": {"id": 2}}"""
    change = {name: value for name, value in UPDATED.items() if name != "description"}
    body = change | {"assigned_to": {"id": assignee.id}}

    for path in (f"/api/task/{task['id']}", f"/api/task/{task['id']}/"):
        changed = answer_of(me.send("PATCH", path, json=body), 200)
        _expect_detail(changed, TASK | change, me, assignee)


def test_43_a_deleted_task_is_gone(me, task):
    """DELETE /api/task/1"""
    path = f"/api/task/{task['id']}"

    assert answer_of(me.send("DELETE", path), 200) == {}
    assert me.get(path).status_code == 404


def test_44_the_insight_counts_what_the_caller_sees(me, new_user):
    """GET /api/task-report-insight/"""
    first, second = new_user(), new_user()
    today = str(datetime.now(UTC).date())
    rows = [
        {"priority": "LOW", "status": "PENDING", "due_date": today, "assigned_to": first.id},
        {"priority": "URGENT", "status": "COMPLETED", "assigned_to": second.id},
        {"priority": "URGENT", "status": "ARCHIVED", "assigned_to": second.id},
    ]
    for row in rows:
        answer_of(first.send("POST", "/api/task/", json={"title": "Counted"} | row), 201)

    insight = answer_of(first.get("/api/task-report-insight/"), 200)

    expected = {
        "total": 3,
        "completed": 1,
        "pending": 1,
        "tasks_by_priority": {"LOW": 1, "MEDIUM": 0, "HIGH": 0, "URGENT": 2},
        "tasks_by_status": {"PENDING": 1, "IN_PROGRESS": 0, "COMPLETED": 1, "ARCHIVED": 1},
        "tasks_assigned": {first.username: 1, second.username: 2},
        "tasks_created": {first.username: 3},
        "tasks_due_soon": 1,
    }
    assert expected.items() <= insight.items()


def test_45_the_socket_tells_of_create_update_and_delete(me, assignee):
    """ws://localhost:8001/ws/tasks/?token=<token>"""
    body = TASK | {"assigned_to": assignee.id}
    with assignee.listening() as ear:
        task_id = answer_of(me.send("POST", "/api/task/", json=body), 201)["id"]
        path = f"/api/task/{task_id}"
        created = ear.next_about(task_id)
        answer_of(me.send("PATCH", path, json={"title": "Updated Task Title"}), 200)
        updated = ear.next_about(task_id)
        answer_of(me.send("DELETE", path), 200)
        deleted = ear.next_about(task_id)

    told = {"task_id", "assigned_to", "created_at", "updated_at"} | TASK.keys()
    assert [m["action"] for m in (created, updated, deleted)] == ["created", "updated", "deleted"]
    assert told <= created.keys()
    assert told <= updated.keys()
    plain = {name: value for name, value in body.items() if name != "due_date"}
    assert plain.items() <= created.items()
    assert created["due_date"].startswith("2025-03-31")
    assert updated["title"] == "Updated Task Title"
    assert created["seq"] < updated["seq"] < deleted["seq"]


@pytest.mark.inside
def test_46_at_ten_the_assignee_is_told_once_what_is_due(me, assignee, tree: Tree):
    """CELERY_BEAT_SCHEDULE["send_notifications_at_10_am"]: crontab(hour=10, minute=0)"""
    assert SCHEDULE["send_notifications_at_10_am"]["schedule"] == crontab(hour=10, minute=0)
    today = str(datetime.now(UTC).date())
    body = {"title": "Due today", "due_date": today, "assigned_to": assignee.id}
    answer_of(me.send("POST", "/api/task/", json=body), 201)
    wait_until(lambda: len(tree.mail.to(assignee.username)) == 1, 15, "the mail of the creation")

    tree.flask("jobs", "run", "send_notifications_at_10_am")

    wait_until(lambda: len(tree.mail.to(assignee.username)) == 2, 15, "the mail of what is due")
    assert "Due today" in _html(tree, assignee)
    tree.flask("jobs", "run", "send_notifications_at_10_am")
    time.sleep(2)
    assert len(tree.mail.to(assignee.username)) == 2


@pytest.mark.inside
def test_47_creating_and_updating_each_mail_the_assignee(me, assignee, tree: Tree):
    """E-mail on POST /api/task/ and on PATCH /api/task/1"""
    body = TASK | {"assigned_to": assignee.id}
    task_id = answer_of(me.send("POST", "/api/task/", json=body), 201)["id"]
    wait_until(lambda: len(tree.mail.to(assignee.username)) == 1, 15, "the mail of the creation")
    assert TASK["title"] in _html(tree, assignee)

    change = {"status": "COMPLETED"}
    answer_of(me.send("PATCH", f"/api/task/{task_id}", json=change), 200)

    wait_until(lambda: len(tree.mail.to(assignee.username)) == 2, 15, "the mail of the update")
    assert TASK["title"] in _html(tree, assignee)
    assert tree.mail.to(me.username) == []


def _html(tree: Tree, person: Client) -> str:
    """The HTML of the newest mail to `person`, which has a text for other readers, too."""
    mail = tree.mail.to(person.username)[-1]
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    return str(html.get_content())
