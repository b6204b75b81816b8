"""Taking part in a project: joining, roles, leaving, and what is gone with a membership."""

import pytest
from flask import Flask

from app.projects import handlers
from tests.api.conftest import at_once, twin

PROJECTS = "/api/v1/projects/"
TASKS = "/api/v1/tasks/"
PASSWORD = "SecurePass123!"


@pytest.fixture
def project(ada):
    made = ada.post(PROJECTS, json={"name": "Apollo"}).json
    (board,) = ada.get(f"/api/v1/boards/?project={made['id']}").json["results"]
    return made | {"board": board["id"], "members": f"{PROJECTS}{made['id']}/members/"}


def add(ada, project, person, role="MEMBER"):
    answer = ada.post(project["members"], json={"user": person.id, "role": role})
    assert answer.status_code == 201, answer.text


def roles(person, project):
    return {row["username"]: row["role"] for row in person.get(project["members"]).json["results"]}


def test_a_member_is_named_by_id_username_or_email(ada, bob, project, make_person):
    others = [make_person() for _ in range(2)]
    bodies = (
        {"user": bob.id},
        {"username": others[0].username.upper(), "role": "MANAGER"},
        {"email": f"{others[1].username}@example.com", "role": "ADMIN"},
    )

    assert [ada.post(project["members"], json=body).status_code for body in bodies] == [201] * 3
    assert roles(ada, project) == {
        "ada": "ADMIN", "bob": "MEMBER", others[0].username: "MANAGER",
        others[1].username: "ADMIN",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "user"),
        ({"user": 1, "username": "bob"}, 422, "user"),
        ({"user": 999}, 422, "user"),
        ({"username": "nobody"}, 422, "username"),
        ({"email": "bob"}, 422, "email"),
        ({"username": "bob@example.com"}, 422, "username"),
        ({"username": "bob", "role": "OWNER"}, 422, "role"),
        ({"username": "bob", "is_owner": True}, 422, "is_owner"),
        ({"username": "ada"}, 409, "username"),
    ],
)
def test_who_cannot_be_added_is_refused_by_the_field(ada, bob, project, body, status, field):
    answer = ada.post(project["members"], json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (status, [field])
    assert roles(ada, project) == {"ada": "ADMIN"}


def test_a_disabled_account_cannot_join(ada, bob, admin, project):
    admin.patch(f"/api/v1/users/{bob.id}/", json={"is_active": False})

    assert ada.post(project["members"], json={"user": bob.id}).status_code == 422


def test_the_owner_can_be_neither_removed_nor_demoted_and_cannot_leave(ada, bob, admin, project):
    add(ada, project, bob, "ADMIN")
    path = f"{project['members']}{ada.id}/"

    for person in (bob, admin):
        assert person.delete(path).status_code == 409
        assert person.patch(path, json={"role": "MEMBER"}).status_code == 409
    assert ada.post(f"{PROJECTS}{project['id']}/leave/").status_code == 409
    assert ada.patch(path, json={"role": "ADMIN"}).status_code == 200
    assert roles(ada, project)["ada"] == "ADMIN"
    assert (
        ada.post(f"{PROJECTS}{project['id']}/transfer/", json={"user": bob.id}).json["owner"]
        == bob.id
    )
    assert ada.post(f"{PROJECTS}{project['id']}/leave/").status_code == 204


@pytest.mark.parametrize("way", ["removed", "left"])
def test_with_the_membership_everything_is_gone_at_once(ada, bob, project, way):
    add(ada, project, bob, "ADMIN")
    task = bob.create_task(title="needle", board=project["board"], assignee=bob.id)
    comments = f"{TASKS}{task['id']}/comments/"
    comment = bob.post(comments, json={"body": "needle"}).json
    day = task["created_at"][:10]
    seen = (
        TASKS, f"{TASKS}mine/", f"{TASKS}?search=needle", f"{TASKS}by-date/{day}/",
        "/api/v1/audit/logs/", "/api/v1/audit/logs/export/",
    )  # fmt: skip
    for path in seen:
        assert "needle" in bob.get(path).text, path
    assert bob.get("/api/v1/reports/insight/").json["total"] == 1

    if way == "removed":
        assert ada.delete(f"{project['members']}{bob.id}/").status_code == 204
    else:
        assert bob.post(f"{PROJECTS}{project['id']}/leave/").status_code == 204

    for path in seen:
        assert "needle" not in bob.get(path).text, path
    assert bob.get("/api/v1/reports/insight/").json["total"] == 0
    for path in (
        f"{TASKS}{task['id']}/", f"{TASKS}{task['id']}/history/", comments,
        f"/api/v1/comments/{comment['id']}/", f"/api/v1/boards/{project['board']}/",
        f"{PROJECTS}{project['id']}/", project["members"],
    ):  # fmt: skip
        assert bob.get(path).status_code == 404, path
    left = ada.get(f"{TASKS}{task['id']}/").json
    assert (left["assignee"], left["version"]) == (None, 2)
    (changed,) = ada.get(f"{TASKS}{task['id']}/history/").json["results"][:1]
    assert changed["changes"] == {"assignee": [bob.id, None]}


def test_the_same_person_added_twice_at_once_is_added_once(ada, bob, project):
    calls = [
        lambda p=twin(ada): p.post(project["members"], json={"user": bob.id}).status_code
        for _ in range(4)
    ]

    assert sorted(at_once(calls)) == [201, 409, 409, 409]


def test_nobody_is_assigned_who_is_removed_at_the_same_moment(ada, bob, project):
    task = ada.create_task(board=project["board"])
    for _ in range(8):
        add(ada, project, bob)
        answers = at_once(
            [
                lambda p=twin(ada): (
                    p.post(f"{TASKS}{task['id']}/assign/", json={"assignee": bob.id}).status_code
                ),
                lambda p=twin(ada): p.delete(f"{project['members']}{bob.id}/").status_code,
            ]
        )
        assert answers[0] in (200, 422)
        assert answers[1] == 204
        assert ada.get(f"{TASKS}{task['id']}/").json["assignee"] is None


def test_the_owner_is_a_member_even_when_the_new_one_leaves_at_that_moment(
    ada, bob, admin, make_person
):
    for _ in range(6):
        project = ada.post(PROJECTS, json={"name": "Hot potato"}).json
        path = f"{PROJECTS}{project['id']}/"
        ada.post(f"{path}members/", json={"user": bob.id})
        at_once(
            [
                lambda p=twin(ada), u=path: p.post(f"{u}transfer/", json={"user": bob.id}),
                lambda p=twin(bob), u=path: p.post(f"{u}leave/"),
            ]
        )
        owner = admin.get(path).json["owner"]
        members = admin.get(f"{path}members/").json["results"]
        assert {"user": owner, "role": "ADMIN"} in [
            {"user": row["user"], "role": row["role"]} for row in members
        ]


@pytest.fixture
def joining(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """Switches JOIN_DEFAULT_PROJECT on, as it is outside of these tests."""
    with app.app_context():
        settings = handlers.current_settings().model_copy(update={"JOIN_DEFAULT_PROJECT": True})
    monkeypatch.setattr(handlers, "current_settings", lambda: settings)


def register(client, name):
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    assert client.post("/api/v1/auth/users/", json=body).status_code == 201
    token = client.post("/api/v1/auth/login/", json={"username": name, "password": PASSWORD})
    return {"Authorization": f"Bearer {token.json['access']}"}


def test_a_new_user_joins_the_default_project_and_board_1_works_at_once(client, joining, admin):
    headers = register(client, "john")
    body = {"title": "Implement feature X", "board": 1, "priority": "HIGH", "status": "TODO"}

    answer = client.post(TASKS, json=body, headers=headers)

    assert answer.status_code == 201, answer.text
    assert (answer.json["project"], answer.json["board"]) == (1, 1)
    assert client.post(f"{PROJECTS}1/leave/", headers=headers).status_code == 204
    log = admin.get("/api/v1/audit/logs/?entity=member&project=1").json["results"]
    assert [(entry["action"], entry["actor"]["username"]) for entry in log] == [
        ("removed", "john"),
        ("added", "john"),
        ("added", "root"),
    ]


@pytest.mark.parametrize("reason", ["archived", "deleted"])
def test_a_default_project_that_is_closed_is_not_joined(client, joining, admin, reason):
    path = f"{PROJECTS}1/"
    answer = admin.post(f"{path}archive/") if reason == "archived" else admin.delete(path)
    assert answer.status_code in (200, 204)

    headers = register(client, "john")

    assert client.get(PROJECTS, headers=headers).json["count"] == 0


def test_twenty_who_register_at_once_all_join(app, joining, admin):
    def call(number):
        return lambda: register(app.test_client(), f"user-{number}")

    at_once([call(number) for number in range(20)])

    (row,) = admin.get(f"{PROJECTS}?search=default").json["results"]
    assert row["members"] == 21, "and the administrator"
