from datetime import UTC, datetime, timedelta

import pytest

TASKS = "/api/v1/tasks/"


def test_a_new_task_has_the_documented_defaults_and_its_reporter_from_the_token(ada):
    answer = ada.post(TASKS, json={"title": "  Write the report "})

    assert answer.status_code == 201
    task = answer.json
    assert task["title"] == "Write the report"
    assert (task["status"], task["priority"]) == ("BACKLOG", "MEDIUM")
    assert (task["reporter"], task["assignee"], task["version"]) == (ada.id, None, 1)
    assert answer.headers["ETag"] == '"v1"'
    assert ada.get(f"{TASKS}{task['id']}/").json == task


def test_every_answer_ends_its_line(ada):
    task = ada.create_task()["id"]
    project = ada.post("/api/v1/projects/", json={"name": "Moon"}).json["id"]
    for path in (TASKS, f"{TASKS}{task}/", "/api/v1/projects/", f"/api/v1/projects/{project}/"):
        assert ada.get(path).data.endswith(b"}\n"), path


def test_a_task_is_seen_by_reporter_assignee_and_admins_only(ada, bob, eve, admin):
    task = ada.create_task(assignee=bob.id)
    path = f"{TASKS}{task['id']}/"

    assert [p.get(path).status_code for p in (ada, bob, admin, eve)] == [200, 200, 200, 404]
    assert [p.get(TASKS).json["count"] for p in (ada, bob, admin, eve)] == [1, 1, 1, 0]
    for verb in ("patch", "put", "delete"):
        assert getattr(eve, verb)(path, json={"title": "mine"}).status_code == 404
    assert eve.post(f"{path}restore/").status_code == 404
    assert eve.get(f"{path}history/").status_code == 404
    assert ada.get(path).json == task


def test_a_patch_leaves_alone_what_it_does_not_name_and_null_empties(ada, bob):
    task = ada.create_task(description="keep me", assignee=bob.id, due_date="2026-03-31")

    changed = ada.patch(f"{TASKS}{task['id']}/", json={"due_date": None, "title": "New"}).json

    assert (changed["title"], changed["description"]) == ("New", "keep me")
    assert (changed["due_date"], changed["assignee"]) == (None, bob.id)


def test_a_put_resets_what_it_does_not_name(ada):
    task = ada.create_task(description="gone", status="TODO")

    replaced = ada.put(f"{TASKS}{task['id']}/", json={"title": "Only this"}).json

    assert (replaced["title"], replaced["description"]) == ("Only this", "")
    assert replaced["status"] == "BACKLOG"


def test_writing_what_is_there_already_is_no_change(ada):
    task = ada.create_task(due_date="2026-03-31", estimated_hours=2.5)
    body = {k: task[k] for k in ("title", "status", "priority", "due_date", "estimated_hours")}

    # The instant of a bare date, written back as an instant, is only another way to say it …
    again = ada.patch(f"{TASKS}{task['id']}/", json=body | {"due_date": "2026-03-31"}).json

    assert again == task
    assert len(ada.get(f"{TASKS}{task['id']}/history/").json["results"]) == 1


def test_completed_at_follows_the_status(ada):
    task = ada.create_task()
    path = f"{TASKS}{task['id']}/"

    done = ada.patch(path, json={"status": "DONE"}).json
    reopened = ada.patch(path, json={"status": "REVIEW"}).json

    assert done["completed_at"] is not None
    assert reopened["completed_at"] is None


def test_a_deleted_task_is_gone_until_it_is_restored(ada):
    task = ada.create_task()
    path = f"{TASKS}{task['id']}/"

    assert ada.delete(path).status_code == 204
    assert ada.get(path).status_code == 404
    assert ada.delete(path).status_code == 404
    assert ada.get(TASKS).json["count"] == 0
    assert ada.post(f"{path}restore/").status_code == 200
    assert ada.get(path).json["deleted_at"] is None
    types = [entry["type"] for entry in ada.get(f"{path}history/").json["results"]]
    assert types == ["task.restored", "task.deleted", "task.created"]


def test_an_assignee_may_change_but_not_delete(ada, bob):
    task = ada.create_task(assignee=bob.id)
    path = f"{TASKS}{task['id']}/"

    assert bob.patch(path, json={"status": "IN_PROGRESS"}).status_code == 200
    refusal = bob.delete(path)

    assert refusal.status_code == 403
    assert "reporter" in refusal.json["detail"]


def test_the_second_of_two_patches_with_one_etag_is_refused_and_told_why(ada, bob):
    task = ada.create_task(assignee=bob.id)
    path = f"{TASKS}{task['id']}/"
    seen = {"If-Match": ada.get(path).headers["ETag"]}

    first = ada.patch(path, json={"title": "Ada's"}, headers=seen)
    second = bob.patch(path, json={"title": "Bob's"}, headers=seen)

    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json["changed"] == {"title": "Ada's"}
    assert second.json["conflicts"] == ["title"]
    assert second.json["current_version"] == 2


def test_a_version_already_read_answers_304(ada):
    task = ada.create_task()
    path = f"{TASKS}{task['id']}/"

    answer = ada.get(path, headers={"If-None-Match": '"v1"'})

    assert (answer.status_code, answer.data) == (304, b"")


def test_a_bare_due_date_is_the_end_of_the_day_in_the_writers_zone(make_person):
    carl = make_person("carl", timezone="America/New_York")

    task = carl.create_task(due_date="2026-03-08")  # Clocks go forward on that day there.

    assert task["due_date"] == "2026-03-09T03:59:59.000Z"
    assert task["due_date_only"] is True
    assert carl.get(f"{TASKS}?due_date=2026-03-08").json["count"] == 1
    assert carl.get(f"{TASKS}?due_date=2026-03-09").json["count"] == 0


def test_filters_take_several_values_and_ranges(ada, bob):
    ada.create_task(title="a", status="TODO", priority="HIGH", due_date="2026-03-01")
    ada.create_task(title="b", status="DONE", priority="LOW", due_date="2026-03-10")
    ada.create_task(title="c", status="REVIEW", priority="URGENT", assignee=bob.id)

    def titles(query: str) -> list[str]:
        answer = ada.get(f"{TASKS}?ordering=title&{query}")
        assert answer.status_code == 200, answer.text
        assert answer.json["count"] == len(answer.json["results"])
        return [task["title"] for task in answer.json["results"]]

    assert titles("status=TODO,REVIEW") == ["a", "c"]
    assert titles("status=TODO&status=DONE") == ["a", "b"]
    assert titles("priority=URGENT") == ["c"]
    assert titles("priority=CRITICAL,LOW") == ["b", "c"]
    assert titles(f"assignee={bob.id}") == ["c"]
    assert titles("due_date_gte=2026-03-01&due_date_lt=2026-03-10") == ["a"]
    assert titles("due_date_gt=2026-03-01") == ["b"]
    assert titles("due_date_lte=2026-03-10") == ["a", "b"]
    assert titles("overdue=true") == ["a"]
    assert titles("overdue=false") == ["b", "c"]
    assert [t["title"] for t in bob.get(f"{TASKS}mine/").json["results"]] == ["c"]


def test_priorities_sort_by_rank_and_nothing_is_last(ada):
    for priority in ("HIGH", "LOW", "CRITICAL", "MEDIUM"):
        ada.create_task(priority=priority, due_date=None if priority == "LOW" else "2026-01-01")

    by_rank = ada.get(f"{TASKS}?ordering=-priority").json["results"]
    by_due = ada.get(f"{TASKS}?ordering=due_date").json["results"]

    assert [t["priority"] for t in by_rank] == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    assert by_due[-1]["due_date"] is None


def test_overdue_counts_only_what_is_open(ada):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    ada.create_task(due_date=yesterday, status="REVIEW")
    ada.create_task(due_date=yesterday, status="DONE")

    report = ada.get("/api/v1/reports/insight/").json

    assert (report["overdue"], report["total"], report["completion_rate"]) == (1, 2, 0.5)


def test_somebody_is_named_by_id_by_username_or_as_me(ada, bob):
    by_name = ada.create_task(assignee="BOB")
    mine = ada.patch(f"{TASKS}{by_name['id']}/", json={"assignee": "me"}).json
    again = ada.post(f"{TASKS}{by_name['id']}/assign/", json={"assigned_to": "bob"}).json

    assert [by_name["assignee"], mine["assignee"], again["assignee"]] == [bob.id, ada.id, bob.id]


@pytest.mark.parametrize("name", ["nobody", "bob@example.com", "a b", "", 0, -1, True, [1]])
def test_an_assignee_that_there_is_not_is_refused(ada, bob, name):
    answer = ada.post(TASKS, json={"title": "x", "assignee": name})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["assignee"])


def test_a_task_can_be_older_than_its_entry(ada):
    by_day = ada.create_task(created_at="2025-04-06")
    by_instant = ada.create_task(created_at="2025-04-06T14:00:00.123456+02:00")

    assert by_day["created_at"] == "2025-04-06T00:00:00.000Z"
    assert by_instant["created_at"] == "2025-04-06T12:00:00.123Z"
    found = ada.get("/api/v1/tasks/by-date/2025-04-06/").json["results"]
    assert [task["id"] for task in found] == [by_instant["id"], by_day["id"]]


@pytest.mark.parametrize(
    "moment", ["2999-01-01", "2999-01-01T00:00:00Z", "yesterday", 5, None, "2025-04-06T12:00:00"]
)
def test_a_task_cannot_come_from_the_future_or_from_nowhere(ada, moment):
    answer = ada.post(TASKS, json={"title": "x", "created_at": moment})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["created_at"])
    assert ada.get(TASKS).json["count"] == 0


def test_the_due_instant_written_back_stays_the_date_that_was_given(ada):
    task = ada.create_task(due_date="2030-03-31")

    answer = ada.patch(f"{TASKS}{task['id']}/", json={"due_date": task["due_date"]})

    assert answer.json == task
    moved = ada.patch(f"{TASKS}{task['id']}/", json={"due_date": "2030-03-31T12:00:00Z"}).json
    assert (moved["due_date_only"], moved["version"]) == (False, task["version"] + 1)


def test_the_list_of_what_involves_somebody(ada, bob, eve, make_project):
    project = make_project(ada, members={bob: "MEMBER", eve: "MEMBER"})
    made = [
        ada.create_task(),
        bob.create_task(assignee=ada.id),
        project.task(ada),
        project.task(bob, assignee=ada.id),
        project.task(ada, assignee=ada.id),
    ]
    project.task(bob)

    def listed(person, query):
        answer = person.get(f"{TASKS}?{query}").json
        assert answer["count"] == len(answer["results"])
        return [task["id"] for task in answer["results"]]

    mine = [task["id"] for task in reversed(made)]
    assert listed(ada, "involves=me") == listed(ada, f"involves={ada.id}") == mine
    assert listed(eve, f"involves={ada.id}") == mine[:3]
    assert listed(eve, "involves=me") == []
    assert ada.get(f"{TASKS}?involves=x").status_code == 422
    project.remove(ada)
    assert listed(ada, "involves=me") == [mine[3], mine[4]]
