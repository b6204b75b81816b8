"""The audit log: what is written of each change, who reads it, and how it is read and exported."""

import csv
import io
import json
import os
import threading
import uuid
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import event, text

from app.audit.schemas import ACTIONS, ENTITIES
from app.core import clock
from app.core.events import Event
from app.extensions import db
from app.users.models import Role
from benchmarks.plans import explain, recorded, sequential_scans
from tests.conftest import PASSWORD
from workers.factory import make_celery

LOGS = "/api/v1/audit/logs/"
EXPORT = f"{LOGS}export/"
TASKS = "/api/v1/tasks/"
PROJECTS = "/api/v1/projects/"
AGENT = "Browser/1.0"


def entries(person, **filters):
    answer = person.get(LOGS, query_string={"page_size": 100} | filters)
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def seen(person, **filters):
    return [(each["entity"], each["action"]) for each in entries(person, **filters)]


def newest_id(admin):
    return max((each["id"] for each in entries(admin)), default=0)


class Writer:
    """Makes requests as somebody and returns what the log says of each."""

    def __init__(self, person, admin):
        self.person, self.admin = person, admin

    def __call__(self, verb, path, status, **kwargs):
        request_id, last = uuid.uuid4().hex, newest_id(self.admin)
        headers = {"X-Request-ID": request_id, "User-Agent": AGENT}
        answer = getattr(self.person, verb)(path, headers=headers, **kwargs)
        assert answer.status_code == status, answer.text
        found = [each for each in entries(self.admin) if each["id"] > last]
        for each in found:
            assert each["request_id"] == request_id
            assert (each["ip"], each["user_agent"]) == ("127.0.0.1", AGENT)
            assert each["actor"] == {"id": self.person.id, "username": self.person.username}
            assert set(each["changes"]) or each["action"] == "password_changed"
        return answer.get_json(silent=True), found


def one(found, kind):
    assert [f"{each['entity']}.{each['action']}" for each in found] == [kind]
    return found[0]


@pytest.fixture
def write(ada, admin):
    return Writer(ada, admin)


def given(fields):
    """What came into being, as the log has to tell it."""
    return {name: [None, value] for name, value in fields.items() if value not in (None, "", [])}


def test_each_change_of_a_task_leaves_one_entry_with_what_was_and_what_is(write, ada, make_project):
    project = make_project(ada)
    body = {"title": "Paint", "description": "blue", "board": project.board_id}

    task, found = write("post", TASKS, 201, json=body)
    created = one(found, "task.created")
    assert created["changes"] == given(task)
    assert (created["entity_id"], created["task"]) == (task["id"], task["id"])
    assert created["project"] == project.id

    path = f"{TASKS}{task['id']}/"
    _, found = write("patch", path, 200, json={"title": "Draw", "priority": "HIGH"})
    changes = one(found, "task.updated")["changes"]
    assert changes["title"] == ["Paint", "Draw"]
    assert changes["priority"] == [task["priority"], "HIGH"]
    assert write("patch", path, 200, json={"title": "Draw"})[1] == []

    _, found = write("post", f"{path}move/", 200, json={"status": "IN_PROGRESS"})
    assert one(found, "task.updated")["changes"]["status"] == ["BACKLOG", "IN_PROGRESS"]
    _, found = write("post", f"{path}assign/", 200, json={"assignee": ada.id})
    assert one(found, "task.updated")["changes"]["assignee"] == [None, ada.id]

    before = ada.get(path).json
    _, found = write("delete", path, 204)
    deleted = one(found, "task.deleted")
    for name, value in before.items():
        if value not in (None, "", []) and name not in ("version", "updated_at"):
            assert deleted["changes"][name] == [value, None], name
    _, found = write("post", f"{path}restore/", 200)
    restored = one(found, "task.restored")["changes"]["deleted_at"]
    assert restored[0]
    assert restored[1] is None


def test_a_bulk_change_leaves_one_entry_for_each_task_that_is_different_then(
    write, ada, make_project
):
    project = make_project(ada)
    tasks = [project.task() for _ in range(3)]
    ids = [task["id"] for task in tasks]
    ada.patch(f"{TASKS}{ids[0]}/", json={"priority": "CRITICAL"})

    _, found = write(
        "post", f"{TASKS}bulk/", 200, json={"tasks": ids, "changes": {"priority": "CRITICAL"}}
    )

    assert sorted(each["entity_id"] for each in found) == ids[1:]
    assert {each["changes"]["priority"][1] for each in found} == {"CRITICAL"}


def test_projects_members_boards_and_columns_leave_one_entry_each(write, ada, bob):
    project, found = write("post", PROJECTS, 201, json={"name": "Apollo", "description": "moon"})
    assert sorted((each["entity"], each["action"]) for each in found) == [
        ("board", "created"),
        ("member", "added"),
        ("project", "created"),
    ]
    by_entity = {each["entity"]: each for each in found}
    assert by_entity["project"]["changes"]["name"] == [None, "Apollo"]
    assert by_entity["member"]["changes"]["role"] == [None, "ADMIN"]
    assert {each["project"] for each in found} == {project["id"]}

    path = f"{PROJECTS}{project['id']}/"
    _, found = write("patch", path, 200, json={"name": "Gemini"})
    assert one(found, "project.updated")["changes"]["name"] == ["Apollo", "Gemini"]
    _, found = write("post", f"{path}archive/", 200)
    assert one(found, "project.updated")["changes"]["is_archived"] == [False, True]
    write("post", f"{path}unarchive/", 200)

    _, found = write("post", f"{path}members/", 201, json={"user": bob.id, "role": "MEMBER"})
    added = one(found, "member.added")
    assert added["entity_id"] == bob.id
    assert added["changes"]["user"] == [None, bob.id]
    member = f"{path}members/{bob.id}/"
    _, found = write("patch", member, 200, json={"role": "MANAGER"})
    assert one(found, "member.updated")["changes"] == {"role": ["MEMBER", "MANAGER"]}
    _, found = write("delete", member, 204)
    removed = one(found, "member.removed")["changes"]
    assert (removed["role"], removed["user"]) == (["MANAGER", None], [bob.id, None])

    body = {"project": project["id"], "name": "Second"}
    board, found = write("post", "/api/v1/boards/", 201, json=body)
    assert one(found, "board.created")["changes"]["name"] == [None, "Second"]
    boards = f"/api/v1/boards/{board['id']}/"
    _, found = write("patch", boards, 200, json={"name": "Other"})
    assert one(found, "board.updated")["changes"]["name"] == ["Second", "Other"]
    column = ada.get(f"{boards}columns/").json
    column = (column["results"] if isinstance(column, dict) else column)[0]
    place = f"{boards}columns/{column['id']}/"
    _, found = write("patch", place, 200, json={"wip_limit": 3})
    old, new = one(found, "board.updated")["changes"]["columns"]
    assert old[0]["wip_limit"] is None
    assert new[0]["wip_limit"] == 3
    _, found = write("delete", boards, 204)
    deleted = one(found, "board.deleted")["changes"]
    assert deleted["name"] == ["Other", None]
    assert deleted["columns"][0]

    _, found = write("delete", path, 204)
    deleted = one(found, "project.deleted")["changes"]
    assert deleted["name"] == ["Gemini", None]
    assert deleted["description"] == ["moon", None]


def test_comments_and_saved_filters_leave_one_entry_each(write, ada):
    task = ada.create_task()
    comment, found = write("post", f"{TASKS}{task['id']}/comments/", 201, json={"body": "First"})
    created = one(found, "comment.created")
    assert created["changes"]["body"] == [None, "First"]
    assert (created["entity_id"], created["task"]) == (comment["id"], task["id"])
    path = f"/api/v1/comments/{comment['id']}/"
    _, found = write("patch", path, 200, json={"body": "Second"})
    assert one(found, "comment.updated")["changes"]["body"] == ["First", "Second"]
    _, found = write("delete", path, 204)
    deleted = one(found, "comment.deleted")["changes"]
    assert deleted["author"][0]

    body = {"name": "Mine", "query": {"status": "TODO"}}
    saved, found = write("post", "/api/v1/filters/", 201, json=body)
    assert one(found, "filter.created")["changes"]["query"] == [None, {"status": "TODO"}]
    path = f"/api/v1/filters/{saved['id']}/"
    _, found = write("patch", path, 200, json={"name": "Ours"})
    assert one(found, "filter.updated")["changes"] == {"name": ["Mine", "Ours"]}
    _, found = write("delete", path, 204)
    deleted = one(found, "filter.deleted")["changes"]
    assert (deleted["name"], deleted["query"]) == (["Ours", None], [{"status": "TODO"}, None])


def test_accounts_leave_entries_that_hold_no_secret(write, client, ada, admin, rows):
    body = {"username": "grace", "email": "grace@example.com", "password": PASSWORD}
    made = client.post("/api/v1/auth/users/", json=body, headers={"User-Agent": AGENT})
    assert made.status_code == 201, made.text
    registered = entries(admin)[0]
    assert (registered["entity"], registered["action"]) == ("user", "registered")
    assert registered["actor"]["username"] == "grace"
    assert registered["changes"]["email"] == [None, "grace@example.com"]
    assert registered["user_agent"] == AGENT

    me = "/api/v1/auth/users/me/"
    _, found = write("patch", me, 200, json={"first_name": "Ada"})
    assert one(found, "user.updated")["changes"] == {"first_name": ["", "Ada"]}
    new = "another battery staple horse"
    fields = {"current_password": PASSWORD, "new_password": new}
    assert ada.post(f"{me}password/", json=fields).status_code == 200
    assert seen(admin)[0] == ("user", "password_changed")

    stored = str(rows("SELECT changes, snapshot, user_agent, request_id FROM events"))
    stored += admin.get(LOGS).text + admin.get(f"{EXPORT}?format=ndjson").text
    for secret in (PASSWORD, new, "scrypt", "argon2", "$2b$", "pbkdf2", ada.access, ada.refresh):
        assert secret not in stored
    for name in ("password_hash", "session_epoch", "token"):
        assert f"'{name}'" not in stored
        assert f'"{name}"' not in stored


def test_what_fails_or_is_a_dry_run_leaves_nothing(ada, admin):
    task = ada.create_task()
    last = newest_id(admin)

    assert ada.patch(f"{TASKS}{task['id']}/", json={"title": ""}).status_code == 422
    assert ada.patch(f"{TASKS}999/", json={"title": "x"}).status_code == 404

    assert newest_id(admin) == last


def kinds(of=Event):
    for kind in of.__subclasses__():
        yield from kinds(kind)
        if kind.__module__.startswith("app.") and hasattr(kind, "type"):
            yield kind


def test_the_schema_names_every_entity_and_action_there_is(app):
    make_celery(app)
    assert {kind.entity for kind in kinds()} == set(ENTITIES)
    assert {kind.type.partition(".")[2] for kind in kinds()} == set(ACTIONS)
    assert all(kind.type.startswith(f"{kind.entity}.") for kind in kinds())


# Who reads what.


def ids(found):
    return [each["id"] for each in found]


@pytest.fixture
def apollo(ada, bob, make_person, make_project):
    """A project of ada with members of each role, where everyone has made a task."""
    people = {role: make_person(f"{role.lower()}_here") for role in ("MEMBER", "MANAGER", "ADMIN")}
    project = make_project(ada, {person: role for role, person in people.items()})
    for person in (ada, *people.values()):
        project.task(person, title=f"of {person.username}")
    project.people = people
    return project


def test_owner_and_project_admins_read_the_whole_project_and_other_members_their_own(
    apollo, ada, eve, admin
):
    everything = ids(entries(admin, project=apollo.id))
    assert len(everything) == 4
    for person in (ada, apollo.people["ADMIN"]):
        assert ids(entries(person, project=apollo.id)) == everything
    for role in ("MEMBER", "MANAGER"):
        person = apollo.people[role]
        found = entries(person, project=apollo.id)
        assert [each["actor"]["id"] for each in found] == [person.id]
    assert entries(eve, project=apollo.id) == []
    assert {each["actor"]["id"] for each in entries(eve)} <= {eve.id}


def test_the_global_manager_reads_no_more_than_the_own_actions(app, apollo, make_person):
    manager = make_person("boss", role=Role.MANAGER)
    apollo.add(manager)
    apollo.task(manager)

    assert [each["actor"]["id"] for each in entries(manager, project=apollo.id)] == [manager.id]


def test_the_administrator_reads_everything(apollo, ada, bob, admin):
    bob.create_task()
    found = entries(admin)
    assert {each["project"] for each in found} == {None, apollo.id}
    assert {each["actor"]["username"] for each in found} >= {"ada", "bob", "member_here"}


def test_who_leaves_or_is_removed_reads_nothing_of_the_project_from_then_on(apollo, ada):
    for role in ("MEMBER", "ADMIN"):
        person = apollo.people[role]
        assert entries(person, project=apollo.id)
        apollo.remove(person)
        assert entries(person, project=apollo.id) == []
        assert {each["project"] for each in entries(person)} == {None}
        assert "of " not in person.get(f"{EXPORT}?format=ndjson").text


def test_an_admin_who_becomes_a_member_keeps_the_own_actions_only(apollo, ada):
    person = apollo.people["ADMIN"]
    path = f"{PROJECTS}{apollo.id}/members/{person.id}/"
    assert ada.patch(path, json={"role": "MEMBER"}).status_code == 200

    assert {each["actor"]["id"] for each in entries(person, project=apollo.id)} == {person.id}


def test_own_actions_on_a_task_outside_any_project_go_with_the_sight_of_it(ada, bob, eve):
    task = ada.create_task(title="secret", assignee=bob.id)
    assert bob.patch(f"{TASKS}{task['id']}/", json={"priority": "HIGH"}).status_code == 200
    assert seen(bob, task=task["id"]) == [("task", "updated")]

    assert ada.patch(f"{TASKS}{task['id']}/", json={"assignee": eve.id}).status_code == 200

    assert seen(bob, task=task["id"]) == []
    assert len(seen(ada, task=task["id"])) == 2
    assert seen(eve, task=task["id"]) == []


def test_own_actions_on_a_task_follow_it_into_a_project(ada, bob, make_project):
    task = ada.create_task(title="secret")
    project = make_project(bob, {ada: "MEMBER"})
    assert (
        ada.post(f"{TASKS}{task['id']}/move/", json={"board": project.board_id}).status_code == 200
    )
    assert len(entries(ada, task=task["id"])) == 2

    project.remove(ada)

    assert entries(ada, task=task["id"]) == []


def test_who_is_no_administrator_any_more_reads_nothing_of_what_was_done_to_accounts(
    make_person, admin, ada
):
    second = make_person("second", role=Role.ADMIN)
    assert second.patch(f"/api/v1/users/{ada.id}/", json={"role": "MANAGER"}).status_code == 200
    assert ("user", "updated") in seen(second, entity_id=ada.id)
    assert admin.patch(f"/api/v1/users/{second.id}/", json={"role": "MEMBER"}).status_code == 200

    assert {each["entity_id"] for each in entries(second, entity="user")} == {second.id}


# A task that moves from one project to another.


@pytest.fixture
def moved(ada, bob, eve, make_project):
    """A task that ada moved from bob's project into eve's, with another title on the way."""
    here, there = make_project(bob, {ada: "MANAGER"}), make_project(eve, {ada: "MEMBER"})
    task = here.task(ada, title="old words")
    body = {"board": there.board_id, "title": "new words", "priority": "CRITICAL"}
    assert ada.patch(f"{TASKS}{task['id']}/", json=body).status_code == 200
    return here, there, task


def test_the_admin_of_the_project_that_a_task_left_learns_that_and_nothing_more(
    moved, ada, bob, admin
):
    here, there, task = moved
    left, created = entries(bob, project=here.id)
    assert (created["action"], left["action"]) == ("created", "updated")
    assert left["changes"] == {"project": [here.id, None]}
    assert (left["project"], left["task"]) == (here.id, task["id"])
    assert left["actor"]["username"] == "ada"
    assert left["id"] in ids(entries(bob))
    assert left["id"] in ids(entries(bob, task=task["id"], action="updated"))
    lines = bob.get(f"{EXPORT}?format=ndjson&project={here.id}").text
    assert json.loads(lines.splitlines()[0]) == left
    for shown in (lines, bob.get(EXPORT).text, bob.get(LOGS).text):
        assert "new words" not in shown
        assert "CRITICAL" not in shown
    assert entries(bob, project=there.id) == []

    whole = entries(admin, project=here.id)[0]
    assert whole["id"] == left["id"]
    assert whole["changes"]["project"] == [here.id, there.id]


def test_the_project_that_it_came_to_and_who_moved_it_read_the_whole_entry(moved, ada, eve):
    here, there, _ = moved
    for person in (eve, ada):
        entry = entries(person, project=there.id)[0]
        assert entry["changes"]["title"] == ["old words", "new words"]
        assert entry["changes"]["project"] == [here.id, there.id]
    assert ids(entries(ada)).count(entry["id"]) == 1


def test_who_administers_both_projects_reads_it_once_and_whole(moved, ada, bob, eve):
    here, there, _ = moved
    there.add(bob, "ADMIN")

    found = entries(bob)

    assert len(ids(found)) == len(set(ids(found)))
    for filters in ({}, {"project": here.id}, {"project": there.id}):
        assert entries(bob, **filters)[0]["changes"]["title"] == ["old words", "new words"]


def test_a_task_that_leaves_for_no_project_and_one_moved_in_bulk_are_told_of_too(
    ada, bob, make_project
):
    project = make_project(bob, {ada: "MEMBER"})
    task, other = project.task(ada), project.task(ada)
    assert ada.patch(f"{TASKS}{task['id']}/", json={"board": None}).status_code == 200
    elsewhere = make_project(ada)
    body = {"tasks": [other["id"]], "changes": {"board": elsewhere.board_id}}
    assert ada.post(f"{TASKS}bulk/", json=body).status_code == 200

    found = entries(bob, project=project.id, action="updated")

    assert [each["task"] for each in found] == [other["id"], task["id"]]
    assert {str(each["changes"]) for each in found} == {str({"project": [project.id, None]})}
    # What happens to it later is none of theirs.
    assert ada.patch(f"{TASKS}{task['id']}/", json={"title": "later"}).status_code == 200
    assert ids(entries(bob, project=project.id, action="updated")) == ids(found)


# Filters and pages.


def test_each_filter_narrows_the_log(apollo, ada, bob, admin):
    task = bob.create_task()
    request = uuid.uuid4().hex
    headers = {"X-Request-ID": request}
    bob.patch(f"{TASKS}{task['id']}/", json={"title": "x"}, headers=headers)
    bob.post(f"{TASKS}{task['id']}/comments/", json={"body": "hello"})

    assert {each["entity"] for each in entries(admin, entity="comment,user")} == {"comment", "user"}
    assert {each["entity_id"] for each in entries(admin, entity="task", entity_id=task["id"])} == {
        task["id"]
    }
    assert {each["action"] for each in entries(admin, action="updated,created")} == {
        "updated",
        "created",
    }
    assert {each["actor"]["id"] for each in entries(admin, actor=f"{bob.id},{ada.id}")} == {
        bob.id,
        ada.id,
    }
    assert {each["actor"]["id"] for each in entries(bob, actor="me")} == {bob.id}
    assert entries(bob, actor=ada.id) == []
    assert seen(bob, task=task["id"]) == [
        ("comment", "created"),
        ("task", "updated"),
        ("task", "created"),
    ]
    assert seen(admin, request_id=request) == [("task", "updated")]
    assert {each["project"] for each in entries(admin, project=apollo.id)} == {apollo.id}


def at(rows, event_id, moment):
    rows("UPDATE events SET at = :at WHERE id = :id", at=moment, id=event_id)


def test_moments_are_read_as_days_of_the_caller_and_as_distances_from_now(ada, rows):
    zone = {"timezone": "Asia/Tokyo"}
    assert ada.patch("/api/v1/auth/users/me/", json=zone).status_code == 200
    for _ in range(3):
        ada.create_task()
    third, second, first = ids(entries(ada, entity="task"))
    at(rows, first, "2026-03-09T14:59:59Z")  # Still the 9th in Tokyo.
    at(rows, second, "2026-03-09T15:00:00Z")
    at(rows, third, clock.now() - timedelta(hours=2))

    def found(**filters):
        return ids(entries(ada, entity="task", **filters))

    assert found(at_gte="2026-03-10", at_lte="2026-03-10") == [second]
    assert found(at_lt="2026-03-10") == [first]
    assert found(at_gt="2026-03-09", at_lt="2026-03-11") == [second]
    assert found(at_gte="2026-03-09T15:00:00Z") == [third, second]
    assert found(at_gte="-3h") == [third]
    assert found(at_gt="-1h") == []


@pytest.mark.parametrize(
    ("query", "field", "named"),
    [
        ("entity=tsk", "entity", "comment"),
        ("action=explode", "action", "sla_breached"),
        ("actor=bob", "actor", "me"),
        ("entity_id=x", "entity_id", ""),
        ("project=0", "project", ""),
        ("at_gte=yesterdayish", "at_gte", "today"),
        ("page_size=101", "page_size", "100"),
        ("before=x", "before", ""),
        ("actr=1", "actr", "did you mean actor"),
        ("page=2", "page", "before"),
    ],
)
def test_what_is_not_allowed_is_told_with_what_is(ada, query, field, named):
    for path in (LOGS, EXPORT):
        answer = ada.get(f"{path}?{query}")
        assert answer.status_code == 422, answer.text
        if path == LOGS:
            assert named in str(answer.json["errors"][field])


def test_a_distance_beyond_the_calendar_is_refused_before_an_export_begins(ada):
    for path in (LOGS, EXPORT):
        answer = ada.get(f"{path}?at_gte=-99999d")
        assert answer.status_code == 422, answer.text
        assert "at_gte" in answer.json["errors"]


def test_pages_have_neither_gap_nor_repeat_while_new_entries_arrive(apollo, ada, bob):
    person = apollo.people["ADMIN"]
    for _ in range(11):
        apollo.task()
        person.create_task()
    expected = ids(entries(person))
    url, found = f"{LOGS}?page_size=4&entity=task,project,user,member", []
    while url:
        page = person.get(url).json
        found += page["results"]
        url = page["next"]
        apollo.task()
        person.create_task()
        assert page["count_is_exact"]
        assert page["previous"] is None

    assert ids(found) == expected


def test_no_page_and_no_entry_costs_more_queries_than_another(app, apollo, admin):
    person = apollo.people["ADMIN"]
    for reader in (person, admin):
        counts = set()
        for size in (1, 2, 4):
            with app.app_context(), recorded(db.engine) as queries:
                assert len(entries(reader, page_size=size)) == size
            counts.add(len(queries.statements))
        assert len(counts) == 1
        assert counts.pop() <= 4


# The export.


def exported(person, **query):
    answer = person.get(EXPORT, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer


def test_both_exports_hold_what_the_list_holds_with_the_same_filters(apollo, ada, eve, admin):
    for person in (ada, eve, admin, *apollo.people.values()):
        for filters in ({}, {"entity": "task"}, {"project": apollo.id}, {"actor": "me"}):
            listed = entries(person, **filters)
            lines = exported(person, format="ndjson", **filters).text.splitlines()
            assert [json.loads(line) for line in lines] == listed
            table = list(csv.DictReader(io.StringIO(exported(person, **filters).text)))
            assert [int(row["id"]) for row in table] == ids(listed)
            for row, entry in zip(table, listed, strict=True):
                assert json.loads(row["changes"]) == entry["changes"]
                assert row["actor"] == entry["actor"]["username"]


def test_exports_are_named_files_with_a_type_and_a_header_even_when_empty(ada, eve):
    answer = exported(eve, entity="board")
    assert answer.text.splitlines() == [
        "id,event_id,at,actor,entity,entity_id,action,project,task,changes,ip,user_agent,request_id"
    ]
    assert answer.mimetype == "text/csv"
    day = f"{clock.now():%Y-%m-%d}"
    named = answer.headers["Content-Disposition"]
    assert named == f'attachment; filename="audit-log-{day}.csv"'
    answer = exported(eve, entity="board", format="ndjson")
    assert (answer.text, answer.mimetype) == ("", "application/x-ndjson")
    assert f'filename="audit-log-{day}.ndjson"' in answer.headers["Content-Disposition"]


def test_an_export_needs_a_token_and_a_form_there_is(client, ada):
    assert client.get(EXPORT).status_code == 401
    answer = ada.get(f"{EXPORT}?format=xlsx")
    assert answer.status_code == 422
    assert "csv" in str(answer.json["errors"]["format"])
    assert ada.get(f"{EXPORT}?page_size=3").status_code == 422


@pytest.mark.parametrize("agent", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1"])
def test_no_cell_is_a_formula(ada, agent):
    ada.post(TASKS, json={"title": "=1+1"}, headers={"User-Agent": agent})

    cells = list(csv.reader(io.StringIO(exported(ada).text)))

    assert any(agent.strip() in cell for row in cells for cell in row)
    assert not [cell for row in cells for cell in row if cell.startswith(tuple("=+-@\t\r"))]


FILL = """
INSERT INTO events (event_id, type, at, actor_id, entity, entity_id, project_id, task_id,
                    former_project_id, changes, snapshot, ip, user_agent, request_id, position)
SELECT gen_random_uuid(), kind.type, now() - (:events - n) * interval '1 minute',
       CASE WHEN n % 50 = 0 THEN :person ELSE 1000 + n % 200 END,
       split_part(kind.type, '.', 1), 1 + n % 5000,
       CASE WHEN n % 20 = 0 THEN :project ELSE 1000 + n % 40 END, 1 + n % 5000,
       CASE WHEN n % 1000 = 1 THEN :project END,
       jsonb_build_object('title', jsonb_build_array(md5(n::text), repeat(md5(n::text), 4))),
       jsonb_build_object('title', repeat(md5(n::text), 8)), '10.0.0.1', 'Browser', md5(n::text),
       (SELECT coalesce(max(position), 0) FROM events) + n
FROM generate_series(1, :events) AS n,
     LATERAL (SELECT CASE n % 40 WHEN 0 THEN 'comment.created' WHEN 7 THEN 'board.updated'
                     ELSE 'task.updated' END AS type) AS kind
"""


def fill(app, rows, project, person, count):
    rows(FILL, events=count, project=project.id, person=person.id)
    with app.app_context():
        engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for table in ("events", "project_members", "users", "tasks"):
                connection.execute(text(f"VACUUM ANALYZE {table}"))


@pytest.mark.timeout(300)
def test_no_page_reads_the_whole_log_and_an_export_of_it_is_a_matter_of_constant_memory(
    app, rows, ada, bob, eve, admin, make_project
):
    project = make_project(ada, {bob: "MEMBER"})
    fill(app, rows, project, bob, 100_000)
    middle = rows("SELECT id FROM events ORDER BY id OFFSET 100000 LIMIT 1")[0][0]
    readers = {
        ada: ["", f"?project={project.id}", f"?before={middle}", "?entity=comment", "?actor=me"],
        bob: ["", "?entity=task", "?actor=me", f"?before={middle}"],
        eve: ["", f"?project={project.id}"],
        admin: [
            "",
            f"?before={middle}",
            "?entity=task",
            "?entity=board",
            "?entity=task&entity_id=77",
            f"?actor={bob.id}",
            f"?project={project.id}",
            f"?project={project.id},1001&action=updated",
            "?task=55",
            "?at_gte=-2h",
        ],
    }
    offenders = []
    for person, paths in readers.items():
        for path in paths:
            with app.app_context(), recorded(db.engine) as queries:
                assert person.get(f"{LOGS}{path}").status_code == 200
            for statement, values in queries.statements:
                if "FROM events" not in statement:
                    continue
                with app.app_context():
                    plan = explain(db.engine, statement, values)
                print(f"{person.username:5} {path:40} {plan['Execution Time']:7.1f} ms")
                if sequential_scans(plan, "events") or plan["Execution Time"] > 1000:
                    offenders.append((person.username, path, statement))
    assert offenders == []

    # All of it, read as a client would: no more than a batch at a time is in memory.
    process = psutil.Process(os.getpid())
    answer = admin.get(f"{EXPORT}?entity=board", buffered=False)
    assert sum(1 for _ in answer.response) > 1
    answer.close()
    before, peak, count = process.memory_info().rss, 0, 0
    answer = admin.get(f"{EXPORT}?format=ndjson", buffered=False)
    for count, _ in enumerate(answer.response, 1):
        if count % 5000 == 0:
            peak = max(peak, process.memory_info().rss)
    answer.close()
    print(f"{count} lines, memory grew by {(peak - before) / 2**20:.1f} MiB")
    assert count >= 100_000
    assert peak - before < 30 * 2**20


def test_an_export_holds_no_connection_while_the_client_reads_or_when_it_goes_away(
    app, rows, ada, make_project
):
    project = make_project(ada)
    fill(app, rows, project, ada, 3000)
    with app.app_context():
        pool = db.engine.pool
        for _ in range(30):  # More than the pool holds.
            answer = ada.get(EXPORT, buffered=False)
            lines = iter(answer.response)
            for _ in range(10):
                next(lines)
            assert pool.checkedout() == 0
            answer.close()
        assert pool.checkedout() == 0


def test_a_long_export_is_not_cut_by_the_time_limit_of_a_statement(app, rows, ada, make_project):
    project = make_project(ada)
    fill(app, rows, project, ada, 60_000)

    def shorten(connection, *_):
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 1000")
            cursor.execute("SET idle_in_transaction_session_timeout = 1000")
        connection.commit()

    pause = threading.Event()
    with app.app_context():
        db.engine.dispose()
        event.listen(db.engine, "connect", shorten)
        try:
            answer = ada.get(f"{EXPORT}?format=ndjson", buffered=False)
            count = 0
            for count, _ in enumerate(answer.response, 1):
                if count % 1000 == 0:
                    pause.wait(1.2)
            answer.close()
        finally:
            event.remove(db.engine, "connect", shorten)
            db.engine.dispose()
    assert count >= 3000
