"""Every route of the API × everybody who could call it, against the table of permissions.

A route without a row here fails, and so does a row without a route.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from app.boards.lifecycle import Status
from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.core.events import EventRecord
from app.projects.models import ProjectRole
from app.projects.permissions import GRANTS, Permission
from app.users.models import Role
from tests.api.importing import handed_in

PASSWORD = "correct horse battery staple"
HOOK = "https://hooks.example.com/needle"
ROLES = {"member": "MEMBER", "manager": "MANAGER", "project admin": "ADMIN"}
EVERYBODY = ("anonymous", "outsider", "removed member", *ROLES, "global admin")

# Who may, where it is not a permission in a project.
OPEN, SIGNED_IN, ADMINS, OWN = "open", "signed in", "global admins", "the owner alone"

REFUSALS = (401, 403, 404)

Rule = Permission | str
Body = Callable[["World"], Any] | None


@dataclass(frozen=True)
class Row:
    """Who may call a route (`rule`), with which body and query, and what comes then."""

    rule: Rule
    body: Body = None
    form: Body = None
    query: str = ""
    status: int = 200
    # Who cannot, or need not, do what the rule grants: the answer for them.
    but: dict[str, int] = field(default_factory=dict)


P = Permission
ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/api/v1/users/"): Row(SIGNED_IN),
    ("GET", "/api/v1/users/{user_id}/"): Row(P.SEE_PROJECT),
    ("PATCH", "/api/v1/users/{user_id}/"): Row(
        P.SEE_PROJECT, lambda w: {"first_name": "X"}, but=dict.fromkeys(ROLES, 403)
    ),
    ("DELETE", "/api/v1/users/{user_id}/"): Row(
        P.SEE_PROJECT, status=204, but=dict.fromkeys(ROLES, 403)
    ),
    ("POST", "/api/v1/auth/users/"): Row(
        OPEN, lambda w: {"username": w.new_name, "email": f"{w.new_name}@x.org",
                         "password": PASSWORD}, status=201
    ),
    ("GET", "/api/v1/auth/users/me/"): Row(SIGNED_IN),
    ("PATCH", "/api/v1/auth/users/me/"): Row(SIGNED_IN, lambda w: {"first_name": "Ada"}),
    ("POST", "/api/v1/auth/login/"): Row(
        OPEN, lambda w: {"username": w.owner.username, "password": PASSWORD}
    ),
    ("POST", "/api/v1/auth/refresh/"): Row(OPEN, lambda w: {"refresh": w.owner.refresh}),
    ("POST", "/api/v1/auth/logout/"): Row(SIGNED_IN, status=204),
    ("POST", "/api/v1/auth/logout-all/"): Row(SIGNED_IN, status=204),
    ("POST", "/api/v1/auth/users/me/password/"): Row(
        SIGNED_IN, lambda w: {"current_password": PASSWORD, "new_password": PASSWORD + "!"}
    ),
    ("GET", "/api/v1/projects/"): Row(SIGNED_IN),
    ("POST", "/api/v1/projects/"): Row(SIGNED_IN, lambda w: {"name": "Mine"}, status=201),
    ("GET", "/api/v1/projects/{project_id}/"): Row(P.SEE_PROJECT),
    ("PATCH", "/api/v1/projects/{project_id}/"): Row(P.EDIT_PROJECT, lambda w: {"name": "New"}),
    ("DELETE", "/api/v1/projects/{project_id}/"): Row(P.DELETE_PROJECT, status=204),
    ("POST", "/api/v1/projects/{project_id}/archive/"): Row(P.ARCHIVE_PROJECT),
    ("POST", "/api/v1/projects/{project_id}/unarchive/"): Row(P.ARCHIVE_PROJECT),
    ("POST", "/api/v1/projects/{project_id}/transfer/"): Row(
        P.TRANSFER_PROJECT, lambda w: {"user": w.bystander.id}
    ),
    ("POST", "/api/v1/projects/{project_id}/leave/"): Row(
        P.SEE_PROJECT, status=204, but={"global admin": 404}
    ),
    ("GET", "/api/v1/projects/{project_id}/members/"): Row(P.SEE_PROJECT),
    ("POST", "/api/v1/projects/{project_id}/members/"): Row(
        P.MANAGE_MEMBERS, lambda w: {"username": w.stranger.username}, status=201
    ),
    ("PATCH", "/api/v1/projects/{project_id}/members/{user_id}/"): Row(
        P.MANAGE_MEMBERS, lambda w: {"role": "MANAGER"}
    ),
    ("DELETE", "/api/v1/projects/{project_id}/members/{user_id}/"): Row(
        P.MANAGE_MEMBERS, status=204
    ),
    ("GET", "/api/v1/boards/"): Row(P.SEE_PROJECT, query="?project={project_id}"),
    ("POST", "/api/v1/boards/"): Row(
        P.MANAGE_BOARDS, lambda w: {"project": w.project.id, "name": "B"}, status=201
    ),
    ("GET", "/api/v1/boards/{board_id}/"): Row(P.SEE_PROJECT),
    ("PATCH", "/api/v1/boards/{board_id}/"): Row(P.MANAGE_BOARDS, lambda w: {"name": "B"}),
    ("DELETE", "/api/v1/boards/{board_id}/"): Row(P.MANAGE_BOARDS, status=409),  # it has tasks
    ("GET", "/api/v1/boards/{board_id}/columns/"): Row(P.SEE_PROJECT),
    ("POST", "/api/v1/boards/{board_id}/columns/"): Row(
        P.MANAGE_BOARDS, lambda w: {"name": "Gone", "status": "ARCHIVED"}, status=201
    ),
    ("PATCH", "/api/v1/boards/{board_id}/columns/{column_id}/"): Row(
        P.MANAGE_BOARDS, lambda w: {"name": "C"}
    ),
    ("DELETE", "/api/v1/boards/{board_id}/columns/{column_id}/"): Row(P.MANAGE_BOARDS, status=204),
    ("GET", "/api/v1/tasks/"): Row(SIGNED_IN),
    ("POST", "/api/v1/tasks/"): Row(
        P.CREATE_TASK, lambda w: {"title": "T", "board": w.project.board_id}, status=201
    ),
    ("GET", "/api/v1/tasks/mine/"): Row(SIGNED_IN),
    ("GET", "/api/v1/tasks/by-date/{day}/"): Row(SIGNED_IN),
    ("GET", "/api/v1/tasks/export/"): Row(SIGNED_IN),
    ("GET", "/api/v1/reports/"): Row(SIGNED_IN),
    ("POST", "/api/v1/reports/"): Row(SIGNED_IN, lambda w: {"format": "csv"}, status=202),
    ("GET", "/api/v1/reports/{report_id}/"): Row(OWN, but={"global admin": 200}),
    ("DELETE", "/api/v1/reports/{report_id}/"): Row(OWN, but={"global admin": 204}),
    # There is no file yet.
    ("GET", "/api/v1/reports/{report_id}/download/"): Row(OWN, but={"global admin": 409}),
    ("GET", "/api/v1/tasks/imports/"): Row(SIGNED_IN),
    ("POST", "/api/v1/tasks/imports/"): Row(
        P.SEE_PROJECT,
        form=lambda w: {"file": (BytesIO(b"title\nT\n"), "t.csv"),
                        "board": str(w.project.board_id)},
        status=202,
    ),
    ("GET", "/api/v1/tasks/imports/{import_id}/"): Row(OWN, but={"global admin": 200}),
    ("DELETE", "/api/v1/tasks/imports/{import_id}/"): Row(OWN, but={"global admin": 204}),
    ("POST", "/api/v1/tasks/imports/{import_id}/start/"): Row(
        OWN, lambda w: {"mode": "all"}, but={"global admin": 403}
    ),
    ("GET", "/api/v1/tasks/imports/{import_id}/errors/"): Row(OWN, but={"global admin": 200}),
    ("GET", "/api/v1/tasks/imports/{import_id}/errors/export/"): Row(
        OWN, but={"global admin": 200}
    ),
    ("GET", "/api/v1/tasks/{task_id}/"): Row(P.SEE_TASK),
    ("PUT", "/api/v1/tasks/{task_id}/"): Row(P.EDIT_TASK, lambda w: {"title": "T"}),
    ("PATCH", "/api/v1/tasks/{task_id}/"): Row(P.EDIT_TASK, lambda w: {"title": "T"}),
    ("DELETE", "/api/v1/tasks/{task_id}/"): Row(P.DELETE_TASK, status=204),
    ("POST", "/api/v1/tasks/{task_id}/restore/"): Row(P.DELETE_TASK),
    ("GET", "/api/v1/tasks/{task_id}/history/"): Row(P.SEE_TASK),
    ("GET", "/api/v1/tasks/{task_id}/transitions/"): Row(P.SEE_TASK),
    ("POST", "/api/v1/tasks/{task_id}/move/"): Row(P.EDIT_TASK, lambda w: {"status": "REVIEW"}),
    ("POST", "/api/v1/tasks/{task_id}/assign/"): Row(
        P.EDIT_TASK, lambda w: {"assignee": w.bystander.id}
    ),
    ("POST", "/api/v1/tasks/bulk/"): Row(
        P.EDIT_TASK, lambda w: {"tasks": [w.task["id"]], "changes": {"priority": "LOW"}}
    ),
    ("GET", "/api/v1/tasks/{task_id}/comments/"): Row(P.SEE_TASK),
    ("POST", "/api/v1/tasks/{task_id}/comments/"): Row(
        P.COMMENT, lambda w: {"body": "Hello"}, status=201
    ),
    ("GET", "/api/v1/comments/{comment_id}/"): Row(P.SEE_TASK),
    ("PATCH", "/api/v1/comments/{comment_id}/"): Row(P.EDIT_COMMENT, lambda w: {"body": "New"}),
    ("DELETE", "/api/v1/comments/{comment_id}/"): Row(P.DELETE_COMMENT, status=204),
    ("GET", "/api/v1/filters/"): Row(SIGNED_IN),
    ("POST", "/api/v1/filters/"): Row(
        SIGNED_IN, lambda w: {"name": "F", "query": {"status": "TODO"}}, status=201
    ),
    ("GET", "/api/v1/filters/{filter_id}/"): Row(OWN),
    ("PATCH", "/api/v1/filters/{filter_id}/"): Row(OWN, lambda w: {"name": "G"}),
    ("DELETE", "/api/v1/filters/{filter_id}/"): Row(OWN, status=204),
    ("GET", "/api/v1/notifications/"): Row(SIGNED_IN),
    ("GET", "/api/v1/notifications/count/"): Row(SIGNED_IN),
    ("POST", "/api/v1/notifications/read/"): Row(
        OWN, lambda w: {"ids": [w.ids["notification_id"]]}
    ),
    ("PATCH", "/api/v1/notifications/{notification_id}/"): Row(OWN, lambda w: {"read": True}),
    ("GET", "/api/v1/notifications/preferences/"): Row(SIGNED_IN),
    ("PATCH", "/api/v1/notifications/preferences/"): Row(
        SIGNED_IN, lambda w: {"changed": {"email": False}}
    ),
    ("GET", "/api/v1/notifications/quiet-hours/"): Row(SIGNED_IN),
    ("PUT", "/api/v1/notifications/quiet-hours/"): Row(
        SIGNED_IN, lambda w: {"quiet_from": "22:00", "quiet_until": "07:00"}
    ),
    ("DELETE", "/api/v1/notifications/quiet-hours/"): Row(SIGNED_IN, status=204),
    ("POST", "/api/v1/notifications/test/"): Row(SIGNED_IN, lambda w: {}, status=202),
    ("GET", "/api/v1/notifications/deliveries/"): Row(SIGNED_IN),
    ("GET", "/api/v1/reports/insight/"): Row(SIGNED_IN),
    ("GET", "/api/v1/changes/"): Row(SIGNED_IN),
    ("GET", "/api/v1/audit/logs/"): Row(SIGNED_IN),
    ("GET", "/api/v1/tasks/logs/"): Row(SIGNED_IN),
    ("GET", "/api/v1/admin/rate-limits/"): Row(ADMINS),
    ("GET", "/api/v1/admin/rate-limits/summary/"): Row(ADMINS),
    ("GET", "/api/v1/admin/processes/"): Row(ADMINS),
    ("GET", "/api/v1/admin/jobs/"): Row(ADMINS),
    ("GET", "/api/v1/admin/jobs/runs/"): Row(ADMINS),
    ("GET", "/api/v1/audit/logs/export/"): Row(SIGNED_IN),
    ("GET", "/api/v1/admin/queues/"): Row(ADMINS),
    ("GET", "/api/v1/admin/deliveries/"): Row(ADMINS),
    ("POST", "/api/v1/admin/deliveries/requeue/"): Row(ADMINS, lambda w: {"state": ["dead"]}),
    ("POST", "/api/v1/admin/deliveries/drop/"): Row(
        ADMINS, lambda w: {"state": ["dead"], "reason": "R"}
    ),
    ("GET", "/api/v1/admin/deliveries/{delivery_id}/"): Row(ADMINS),
    ("POST", "/api/v1/admin/deliveries/{delivery_id}/requeue/"): Row(ADMINS),
    ("POST", "/api/v1/admin/deliveries/{delivery_id}/drop/"): Row(
        ADMINS, lambda w: {"reason": "R"}
    ),
    ("GET", "/metrics"): Row(ADMINS),
    ("GET", "/api/v1/webhooks/"): Row(P.MANAGE_WEBHOOKS, query="?project={project_id}"),
    ("POST", "/api/v1/webhooks/"): Row(
        P.MANAGE_WEBHOOKS, lambda w: {"project": w.project.id, "url": HOOK}, status=201
    ),
    ("GET", "/api/v1/webhooks/{webhook_id}/"): Row(P.MANAGE_WEBHOOKS),
    ("PATCH", "/api/v1/webhooks/{webhook_id}/"): Row(
        P.MANAGE_WEBHOOKS, lambda w: {"description": "X"}
    ),
    ("DELETE", "/api/v1/webhooks/{webhook_id}/"): Row(P.MANAGE_WEBHOOKS, status=204),
    ("POST", "/api/v1/webhooks/{webhook_id}/secrets/"): Row(
        P.MANAGE_WEBHOOKS, lambda w: {}, status=201
    ),
    ("POST", "/api/v1/webhooks/{webhook_id}/test/"): Row(P.MANAGE_WEBHOOKS, status=202),
    ("GET", "/api/v1/webhooks/{webhook_id}/attempts/"): Row(P.MANAGE_WEBHOOKS),
    ("GET", "/api/v1/webhooks/{webhook_id}/deliveries/"): Row(P.MANAGE_WEBHOOKS),
    ("POST", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver/"): Row(
        P.MANAGE_WEBHOOKS, status=202
    ),
    ("POST", "/api/v1/webhooks/{webhook_id}/replay/"): Row(
        P.MANAGE_WEBHOOKS, lambda w: {"from_seq": 1}, status=202
    ),
    ("POST", "/session/"): Row(
        OPEN, lambda w: {"username": w.owner.username, "password": PASSWORD}
    ),
    ("POST", "/session/refresh/"): Row(OPEN),
    ("DELETE", "/session/"): Row(SIGNED_IN, status=204),
    ("GET", "/livez"): Row(OPEN),
    ("GET", "/readyz"): Row(OPEN),
    ("GET", "/api/health/"): Row(OPEN),
    ("GET", "/api/health/db"): Row(OPEN),
    ("POST", "/register/"): Row(
        OPEN, lambda w: {"username": w.new_name, "password": PASSWORD}, status=201
    ),
    ("POST", "/api/token/"): Row(
        OPEN, lambda w: {"username": w.owner.username, "password": PASSWORD}
    ),
    ("POST", "/api/token/refresh/"): Row(OPEN, lambda w: {"refresh": w.owner.refresh}),
    ("GET", "/api/tasks/my_tasks/"): Row(SIGNED_IN),
    ("POST", "/users/register"): Row(
        OPEN, lambda w: {"username": w.new_name, "password": PASSWORD}, status=201
    ),
    ("POST", "/users/login"): Row(
        OPEN, lambda w: {"username": w.owner.username, "password": PASSWORD}
    ),
    ("GET", "/users/profile"): Row(SIGNED_IN),
    ("GET", "/tasks/task/{day}"): Row(SIGNED_IN, but={"outsider": 404, "removed member": 404}),
    ("POST", "/tasks/create-task"): Row(SIGNED_IN, lambda w: {"task_name": "T"}, status=201),
    ("PUT", "/tasks/update-task/{task_id}"): Row(P.EDIT_TASK, lambda w: {"task_name": "T"}),
    ("DELETE", "/tasks/delete/{task_id}"): Row(P.DELETE_TASK),
    ("POST", "/tasks/upload-csv"): Row(
        SIGNED_IN, form=lambda w: {"file": (BytesIO(b"task_name\nT\n"), "t.csv")}, status=202
    ),
    ("GET", "/tasks/upload-csv/{import_id}"): Row(OWN, but={"global admin": 200}),
    ("GET", "/tasks/task-records"): Row(SIGNED_IN),
    ("GET", "/tasks/task-log"): Row(SIGNED_IN),
    ("GET", "/api/check-limiter"): Row(OPEN),
    ("POST", "/api/users/"): Row(
        OPEN, lambda w: {"username": w.new_name, "email": f"{w.new_name}@x.org",
                         "password": PASSWORD}, status=201
    ),
    ("GET", "/api/users/{user_id}/"): Row(P.SEE_PROJECT),
    ("PUT", "/api/users/{user_id}/"): Row(
        P.SEE_PROJECT, lambda w: {"username": w.new_name, "email": f"{w.new_name}@x.org",
                                  "password": PASSWORD},
        but=dict.fromkeys(ROLES, 403),
    ),
    ("PATCH", "/api/users/{user_id}/"): Row(
        P.SEE_PROJECT, lambda w: {"first_name": "X"}, but=dict.fromkeys(ROLES, 403)
    ),
    ("DELETE", "/api/users/{user_id}/"): Row(P.SEE_PROJECT, but=dict.fromkeys(ROLES, 403)),
    ("GET", "/api/task-report-insight/"): Row(SIGNED_IN),
}  # fmt: skip

for _path, _deleted in {"/tasks/": 204, "/api/tasks/": 204, "/api/task/": 200}.items():
    ROWS |= {
        ("GET", _path): Row(SIGNED_IN),
        ("POST", _path): Row(SIGNED_IN, lambda w: {"title": "T"}, status=201),
        ("GET", f"{_path}{{task_id}}/"): Row(P.SEE_TASK),
        ("PUT", f"{_path}{{task_id}}/"): Row(P.EDIT_TASK, lambda w: {"title": "T"}),
        ("PATCH", f"{_path}{{task_id}}/"): Row(P.EDIT_TASK, lambda w: {"title": "T"}),
        ("DELETE", f"{_path}{{task_id}}/"): Row(P.DELETE_TASK, status=_deleted),
    }


def expected(row: Row, who: str) -> int:
    """The status that the table promises `who`."""
    if who in row.but or row.rule == OPEN:
        return row.but.get(who, row.status)
    if who == "anonymous":
        return 401
    if isinstance(row.rule, Permission):
        return by_role(row, row.rule, who)
    is_root = who == "global admin"
    refused = {SIGNED_IN: row.status, OWN: 404, ADMINS: row.status if is_root else 403}
    return refused[row.rule]


def by_role(row: Row, permission: Permission, who: str) -> int:
    if who == "global admin":
        return row.status
    if who not in ROLES:
        return 404
    granted, role = GRANTS[permission].role, ProjectRole(ROLES[who])
    return row.status if granted is not None and role.rank >= granted.rank else 403


class Ids(dict):
    """The ids of one of everything, each made when it is asked for first."""

    def __init__(self, **makers):
        self.makers = makers

    def __missing__(self, name):
        self[name] = self.makers[name]()
        return self[name]


@dataclass
class World:
    """A project with everybody around it, and one of everything in it."""

    people: dict[str, Any]
    owner: Any
    bystander: Any
    stranger: Any
    project: Any
    task: dict[str, Any]
    ids: Ids
    new_name: str = "newcomer"


@pytest.fixture
def make_world(make_person, make_project, rows):
    owner, bystander, stranger = (make_person() for _ in range(3))
    people = {who: make_person() for who in ("outsider", "removed member", *ROLES)}
    people["global admin"] = make_person(role=Role.ADMIN)

    def make(number):
        members = {people[who]: role for who, role in ROLES.items()}
        members |= {people["removed member"]: "MEMBER", bystander: "MEMBER"}
        project = make_project(owner, members=members, columns=[Status.TODO, Status.REVIEW])
        task = project.task(status="TODO", title="needle", description="haystack")
        project.remove(people["removed member"])
        ids = Ids(
            project_id=lambda: project.id,
            board_id=lambda: project.board_id,
            column_id=lambda: owner.get(f"/api/v1/boards/{project.board_id}/columns/").json[0][
                "id"
            ],
            task_id=lambda: task["id"],
            comment_id=lambda: owner.post(
                f"/api/v1/tasks/{task['id']}/comments/", json={"body": "needle"}
            ).json["id"],
            filter_id=lambda: owner.post(
                "/api/v1/filters/", json={"name": f"f{number}", "query": {"id": "1"}}
            ).json["id"],
            import_id=lambda: handed_in(owner, "title\nneedle\n"),
            report_id=lambda: owner.post(
                "/api/v1/reports/", json={"format": "csv", "title": "needle"}
            ).json["id"],
            webhook_id=lambda: owner.post(
                "/api/v1/webhooks/", json={"project": project.id, "url": HOOK}
            ).json["id"],
            delivery_id=lambda: owed_to(project.app, ids["webhook_id"]),
            notification_id=lambda: rows(NOTIFIED, owner=owner.id, task=task["id"])[0].id,
            user_id=lambda: bystander.id,
            day=lambda: task["created_at"][:10],
        )
        return World(people, owner, bystander, stranger, project, task, ids)

    return make


NOTIFIED = """
INSERT INTO notifications (user_id, event_id, kind, task_id, in_inbox)
SELECT :owner, max(id), 'changed', :task, true FROM events WHERE task_id = :task RETURNING id
"""


def owed_to(app, webhook_id):
    """The id of something that a webhook is owed."""
    with app.app_context(), unit_of_work() as session:
        event = session.scalar(select(func.max(EventRecord.id)))
        delivery = Delivery(event_id=event, channel="webhook", target=str(webhook_id))
        session.add(delivery)
        session.flush()
        return delivery.id


def request_of(row, path, world):
    """The address and the body; whatever they name is there afterwards."""
    url = (path + row.query).format_map(world.ids)
    if row.form:
        return url, {"data": row.form(world), "content_type": "multipart/form-data"}
    return url, {"json": row.body(world)} if row.body else {}


def state(app, world):
    """What a refused call must leave as it is."""
    root = world.people["global admin"]
    return root.get(f"/api/v1/audit/logs/?page_size=1&project={world.project.id}").json["count"]


@pytest.mark.parametrize(("method", "path"), ROWS, ids=lambda part: part)
def test_everybody_gets_what_the_table_says(app, make_world, method, path):
    row = ROWS[method, path]
    found, wanted = {}, {who: expected(row, who) for who in EVERYBODY}
    world = None
    # Those who are refused come first: they leave everything as it is for the next one.
    for number, who in enumerate(sorted(EVERYBODY, key=lambda who: wanted[who] not in REFUSALS)):
        world = world or make_world(number)
        world.new_name = f"newcomer{number}"
        url, body = request_of(row, path, world)
        before = state(app, world) if wanted[who] in REFUSALS else None
        answer = getattr(world.people.get(who) or app.test_client(), method.lower())(url, **body)
        found[who], text = answer.status_code, answer.text
        if answer.status_code in REFUSALS:
            assert answer.mimetype.endswith("json")
            assert state(app, world) == before, f"refused, but something changed for {who}"
            assert "needle" not in text
        elif method != "GET" and "{" in path:
            world = None  # What was there is not any more what it was.

    assert found == wanted


def test_every_route_of_the_document_has_a_row_and_every_row_a_route(client):
    paths = client.get("/api/openapi.json").json["paths"]
    routes = {
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations
        if method != "parameters"
    }

    assert routes - ROWS.keys() == set(), "say in ROWS who may call this"
    assert ROWS.keys() - routes == set()


@pytest.mark.parametrize("who", ["outsider", "removed member"])
def test_nothing_of_a_foreign_project_is_found_counted_or_written_by_its_ids(app, make_world, who):
    world = make_world(0)
    person, ids = world.people[who], world.ids
    own = person.create_task(title="own")
    assert ids["comment_id"]
    assert ids["filter_id"]
    before = state(app, world)

    for query in (
        f"?project={ids['project_id']}", f"?board={ids['board_id']}", f"?id={ids['task_id']}",
        "?search=needle", "?search=haystack", f"?assignee={world.owner.id}",
        f"?reporter={world.owner.id}", "?title=needle", f"?project_not={ids['project_id'] + 1}",
    ):  # fmt: skip
        for path in ("/api/v1/tasks/", "/api/v1/tasks/mine/"):
            answer = person.get(path + query)
            assert "needle" not in answer.text, query
            if answer.status_code == 200:
                assert all(task["id"] == own["id"] for task in answer.json["results"])
    assert person.get("/api/v1/reports/insight/").json["total"] == 1
    assert "needle" not in person.get(f"/api/v1/tasks/by-date/{ids['day']}/").text
    for query in ("", f"?project={ids['project_id']}", f"?task={ids['task_id']}"):
        assert "needle" not in person.get(f"/api/v1/audit/logs/{query}").text
        for form in ("csv", "ndjson"):
            exported = person.get(f"/api/v1/audit/logs/export/{query or '?'}&format={form}")
            assert exported.status_code == 200
            assert "needle" not in exported.text
    for method, path, body, status in (
        ("post", "/api/v1/tasks/", {"title": "x", "board": ids["board_id"]}, 404),
        ("patch", f"/api/v1/tasks/{own['id']}/", {"board": ids["board_id"]}, 404),
        ("post", f"/api/v1/tasks/{own['id']}/move/", {"board": ids["board_id"]}, 404),
        ("post", f"/api/v1/tasks/{own['id']}/comments/",
         {"body": "x", "parent": ids["comment_id"]}, 422),
        ("post", "/api/v1/tasks/bulk/",
         {"tasks": [own["id"], ids["task_id"]], "changes": {"title": "x"}}, 404),
        ("post", "/api/v1/tasks/bulk/",
         {"tasks": [own["id"]], "changes": {"board": ids["board_id"]}}, 404),
        ("post", "/api/v1/boards/", {"project": ids["project_id"], "name": "x"}, 404),
        ("get", f"/api/v1/tasks/?filter={ids['filter_id']}", None, 422),
        ("get", f"/api/v1/boards/?project={ids['project_id']}", None, 404),
    ):  # fmt: skip
        answer = getattr(person, method)(path, **({"json": body} if body else {}))
        assert (answer.status_code, path) == (status, path), answer.text
        assert "needle" not in answer.text
    assert state(app, world) == before
    assert person.get(f"/api/v1/tasks/{own['id']}/").json == own
