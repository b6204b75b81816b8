"""What every dialect does alike, in its own words."""

import pytest

from tests.dialects.conftest import SPEECHES

V1 = "/api/v1/tasks/"


def problems(speech, answer):
    """The names of the fields that an error names."""
    if "error" in answer.json:
        assert list(answer.json) == ["error"]
        return {part.partition(": ")[0] for part in answer.json["error"].split("; ")}
    assert set(answer.json) == {"detail", "errors"}
    return set(answer.json["errors"])


def test_a_task_is_created_changed_and_deleted(speech, ada, bob):
    made = ada.post(speech.create, json=speech.body(title="T", assignee=bob.id))
    task = made.json
    verb, path = speech.update
    changed = ada.open(
        path.format(task["id"]), method=verb,
        json=speech.body(title="U", status=speech.statuses["DONE"]),
    )  # fmt: skip
    ours = bob.get(f"{V1}{task['id']}/").json
    gone = ada.delete(speech.delete.format(task["id"]))

    assert (made.status_code, changed.status_code) == (201, 200)
    assert task[speech.names["reporter"]] == ada.id
    assert task[speech.names["assignee"]] == bob.id
    assert (ours["title"], ours["status"], ours["assignee"]) == ("U", "DONE", bob.id)
    assert (ours["project"], ours["board"]) == (None, None)
    assert gone.status_code in (200, 204)
    assert ada.get(f"{V1}{task['id']}/").status_code == 404
    assert ada.post(f"{V1}{task['id']}/restore/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""), ("title", None), ("title", 5), ("title", "x" * 501), ("title", "a\nb"),
        ("title", "\u0000"), ("description", "x" * 20_001), ("status", "nonsense"),
        ("status", ""), ("status", None), ("status", 1), ("status", ["x"]),
        ("priority", "HIGHEST"), ("priority", {}), ("due_date", "yesterday"),
        ("due_date", "2025-13-01"), ("due_date", "0001-01-01"), ("due_date", 20250401),
        ("assignee", 0), ("assignee", -1), ("assignee", 2**63), ("assignee", 999),
        ("assignee", "nobody"), ("assignee", {"id": None}), ("assignee", {"name": "bob"}),
        ("assignee", True), ("reporter", 999), ("reporter", None), ("id", 999),
        ("sla_breached", True), ("version", 3), ("owner_id", 1), ("is_admin", True),
    ],
    ids=lambda part: str(part)[:20],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name_and_changes_nothing(speech, ada, bob, field, value):
    task = ada.create_task()
    body, name = (
        speech.body(title="T") | speech.body(**{field: value}),
        speech.names.get(field, field),
    )
    verb, path = speech.update

    for answer in (
        ada.post(speech.create, json=body),
        ada.open(path.format(task["id"]), method=verb, json=body),
    ):
        assert answer.status_code == 400, answer.text
        if value != "\u0000":
            assert problems(speech, answer) == {name}
    assert ada.get(f"{V1}{task['id']}/").json == task
    assert ada.get(V1).json["count"] == 1


def test_a_title_is_needed(speech, ada):
    answer = ada.post(speech.create, json={})

    assert answer.status_code == 400
    assert problems(speech, answer) in ({"title"}, {"task_name"})


def test_a_body_that_is_none_is_refused(speech, ada):
    for body in (b"", b"[]", b'"x"', b"{", b"null", b"\xff"):
        answer = ada.post(speech.create, data=body, content_type="application/json")
        assert answer.status_code == 400, body
    answer = ada.post(speech.create, data={"title": "x"})
    assert answer.status_code == 415


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
def test_what_cannot_be_seen_is_not_there(speech, ada, eve, verb):
    task = ada.create_task(title="needle")
    paths = {"get": speech.show, "delete": speech.delete, "put": speech.update[1],
             "patch": speech.show and speech.update[1]}  # fmt: skip
    if (path := paths[verb]) is None:
        path = "/tasks/task/1999-01-01"
    body = {"json": speech.body(title="x")} if verb in ("put", "patch") else {}
    if verb == "patch" and not speech.show:
        verb, path = "put", speech.update[1]

    foreign = getattr(eve, verb)(path.format(task["id"]), **body)
    unknown = getattr(eve, verb)(path.format(999), **body)

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json == unknown.json
    assert "needle" not in foreign.text
    assert ada.get(f"{V1}{task['id']}/").json == task


def test_a_member_may_not_delete_what_others_reported(speech, ada, bob, make_project):
    project = make_project(ada, members={bob: "MEMBER"})
    task = project.task()

    answer = bob.delete(speech.delete.format(task["id"]))

    assert answer.status_code == 403
    assert "MANAGER" in answer.text


def test_a_dialect_leaves_what_it_does_not_know_alone(speech, ada, make_project):
    project = make_project(ada)
    task = project.task(estimated_hours=5, status="REVIEW")
    verb, path = speech.update

    ada.open(path.format(task["id"]), method=verb, json=speech.body(title="New"))

    after = ada.get(f"{V1}{task['id']}/").json
    kept = ("estimated_hours", "board", "project", "position", "status", "due_date", "priority")
    assert after["title"] == "New"
    assert {name: after[name] for name in kept} == {name: task[name] for name in kept}


def test_a_change_of_a_version_that_is_gone_is_refused(speech, ada):
    task = ada.create_task()
    ada.patch(f"{V1}{task['id']}/", json={"title": "Other"})
    verb, path = speech.update

    answer = ada.open(
        path.format(task["id"]), method=verb, json=speech.body(title="Mine"),
        headers={"If-Match": '"v1"'},
    )  # fmt: skip

    assert answer.status_code == 412
    assert ada.get(f"{V1}{task['id']}/").json["title"] == "Other"


@pytest.mark.parametrize("path", ["/tasks/", "/api/tasks/", "/api/task/"])
def test_a_filter_finds_all_that_its_word_stands_for(ada, path):
    made = {
        status: ada.create_task(status=status)["id"]
        for status in ("BACKLOG", "TODO", "IN_PROGRESS", "REVIEW", "DONE", "CANCELLED", "ARCHIVED")
    }
    speech = SPEECHES[path.strip("/")]

    for word in set(speech.statuses.values()):
        found = ada.get(f"{path}?status={word}").json
        rows = found["results"] if isinstance(found, dict) else found
        meant = {made[ours] for ours, said in speech.statuses.items() if said == word}
        assert {row["id"] for row in rows} == meant
        assert {row["status"] for row in rows} == {word}
    for query in (
        "status=TODO", "status=", "nonsense=1", "page=0", "page_size=100000", "cursor=x",
        "ordering=reporter", "due_date=x", "assigned_to=x", "page=1&cursor=x",
    ):  # fmt: skip
        answer = ada.get(f"{path}?{query}")
        assert (answer.status_code, set(answer.json)) == (400, {"detail", "errors"}), query


@pytest.mark.parametrize("path", ["/tasks/", "/api/tasks/", "/api/task/"])
def test_both_forms_of_a_path_answer(ada, path):
    for form in (path, path.rstrip("/")):
        assert ada.get(form).status_code == 200
        made = ada.post(form, json={"title": "x"})
        assert made.status_code == 201
        assert ada.get(f"{form.rstrip('/')}/{made.json['id']}").status_code == 200
        assert ada.get(f"{form.rstrip('/')}/{made.json['id']}/").status_code == 200


def test_a_long_array_links_its_pages(ada):
    ids = [ada.create_task()["id"] for _ in range(3)]

    first = ada.get("/tasks/?page_size=2&ordering=id")
    link = first.headers["Link"]
    second = ada.get(link.partition("<")[2].partition(">")[0])

    assert [row["id"] for row in first.json + second.json] == ids
    assert first.headers["X-Total-Count"] == "3"
    assert 'rel="next"' in link
    assert 'rel="next"' not in second.headers["Link"]
    assert "Link" not in ada.get("/tasks/").headers


def test_the_own_list_holds_what_one_created_or_is_assigned_to(ada, bob, make_project):
    project = make_project(ada, members={bob: "MEMBER"})
    created = ada.create_task()["id"]
    assigned = bob.create_task(assignee=ada.id)["id"]
    other = project.task(bob)["id"]

    def listed(path):
        return {task["id"] for task in ada.get(path).json}

    assert listed("/api/tasks/") == {created, assigned}
    assert listed("/api/tasks/my_tasks/") == {assigned}
    assert listed("/tasks/") == {created, assigned, other}
    assert listed(f"/api/tasks/?assigned_to={ada.id}") == {assigned}
    assert listed(f"/api/tasks/?assigned_by={bob.id}") == {assigned}
    # The one outside the list is seen by its address all the same.
    assert ada.get(f"/api/tasks/{other}/").status_code == 200


def test_two_spellings_that_differ_are_refused(ada):
    body = {"title": "A", "task_name": "B", "status": "pending", "task_status": "completed"}

    answer = ada.post("/api/tasks/", json=body)

    assert answer.status_code == 400
    assert set(answer.json["errors"]) <= {"task_name", "task_status"}
    same = ada.post("/api/tasks/", json={"title": "A", "task_name": "A", "task_status": "pending"})
    assert same.status_code == 201
    assert ada.get("/api/tasks/?status=pending&task_status=completed").status_code == 400


def test_a_user_is_named_as_each_document_does(speech, ada, bob):
    for value in (bob.id, {"id": bob.id}, "bob"):
        made = ada.post(speech.create, json=speech.body(title="T", assignee=value))
        assert made.json[speech.names["assignee"]] == bob.id


def test_the_insight_of_the_management_system_adds_the_states_up(ada):
    for status in ("BACKLOG", "TODO", "REVIEW", "DONE", "CANCELLED", "ARCHIVED"):
        ada.create_task(status=status, priority="CRITICAL")

    found = ada.get("/api/task-report-insight/").json

    assert found["tasks_by_status"] == {
        "PENDING": 2, "IN_PROGRESS": 1, "COMPLETED": 1, "ARCHIVED": 2,
    }  # fmt: skip
    assert found["tasks_by_priority"] == {"LOW": 0, "MEDIUM": 0, "HIGH": 0, "URGENT": 6}
    assert (found["total"], found["completed"], found["pending"]) == (6, 1, 2)


def test_a_day_is_shown_in_the_zone_of_the_reader(ada, bob):
    ada.patch("/api/v1/auth/users/me/", json={"timezone": "Asia/Tokyo"})
    task = ada.post(
        "/api/task/", json={"title": "T", "due_date": "2030-03-31", "assigned_to": bob.id}
    )

    assert task.json["due_date"] == "2030-03-31"
    assert bob.get(f"/api/task/{task.json['id']}").json["due_date"] == "2030-03-31"
    bob.patch("/api/v1/auth/users/me/", json={"timezone": "Pacific/Auckland"})
    assert bob.get(f"/api/task/{task.json['id']}").json["due_date"] == "2030-04-01"
    moved = bob.patch(f"/api/task/{task.json['id']}", json={"due_date": "2030-04-02"})
    assert moved.json["due_date"] == "2030-04-02"
