"""The same change, seen through all five APIs and both kinds of socket, is the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from service import Client, Ear, Service, answer_of, running
from tree import Listener, wait_until

pytestmark = [pytest.mark.xdist_group("agreement"), pytest.mark.timeout(180)]

Fields = dict[str, Any]
CLASSIC = {
    "BACKLOG": "pending",
    "TODO": "pending",
    "IN_PROGRESS": "in_progress",
    "REVIEW": "in_progress",
    "DONE": "completed",
    "CANCELLED": "cancelled",
    "ARCHIVED": "cancelled",
}
MANAGED = {
    "BACKLOG": "PENDING",
    "TODO": "PENDING",
    "IN_PROGRESS": "IN_PROGRESS",
    "REVIEW": "IN_PROGRESS",
    "DONE": "COMPLETED",
    "CANCELLED": "ARCHIVED",
    "ARCHIVED": "ARCHIVED",
}
PRIORITIES = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
_numbers = count(1)


def as_classic(task: Fields) -> Fields:
    """How `/api/tasks/` and `/tasks/` show what the canonical API shows as `task`."""
    status = CLASSIC[task["status"]]
    return {
        "id": task["id"],
        "title": task["title"],
        "task_name": task["title"],
        "description": task["description"],
        "task_description": task["description"],
        "status": status,
        "task_status": status,
        "priority": task["priority"],
        "due_date": task["due_date"],
        "assigned_to": task["assignee"],
        "assigned_by": task["reporter"],
        "created_at": task["created_at"],
        "updated_at": task["updated_at"],
    }


def as_flask(task: Fields) -> Fields:
    """How `/tasks/task/<date>` shows it."""
    return {
        "id": task["id"],
        "task_name": task["title"],
        "description": task["description"],
        "status": task["status"],
        "priority": task["priority"],
        "due_date": task["due_date"],
        "assigned_user": task["assignee"],
        "created_by": task["reporter"],
        "created_at": task["created_at"],
        "is_active": True,
    }


def as_managed(task: Fields) -> Fields:
    """How `/api/task/` shows it to somebody whose days are those of UTC."""
    return {
        "id": task["id"],
        "title": task["title"],
        "description": task["description"],
        "status": MANAGED[task["status"]],
        "priority": {"CRITICAL": "URGENT"}.get(task["priority"], task["priority"]),
        "due_date": task["due_date"] and task["due_date"][:10],
        "assigned_to": task["assignee"],
        "created_by": task["reporter"],
        "created_at": task["created_at"],
        "updated_at": task["updated_at"],
    }


def as_message(task: Fields) -> Fields:
    """What sockets tell of it."""
    same = ("title", "description", "status", "priority", "due_date", "version", "updated_at")
    people = {"assigned_to": task["assignee"], "created_by": task["reporter"]}
    return {"task_id": task["id"], **people} | {name: task[name] for name in same}


def of_day(reader: Client, task: Fields) -> Fields | None:
    """The task in the list of the day on which it was created."""
    answer = reader.get(f"/tasks/task/{task['created_at'][:10]}")
    if answer.status_code == 404:
        return None
    found: list[Fields] = answer_of(answer, 200)
    return next((one for one in found if one["id"] == task["id"]), None)


def canonical(reader: Client, task_id: int) -> Fields:
    """The task as the canonical API shows it."""
    task: Fields = answer_of(reader.get(f"/api/v1/tasks/{task_id}/"), 200)
    return task


def expect_agreement(reader: Client, task: Fields) -> None:
    """All APIs show `reader` what the canonical one shows as `task`."""
    number = task["id"]
    assert canonical(reader, number) == task
    for path in (f"/api/tasks/{number}/", f"/tasks/{number}/"):
        assert as_classic(task).items() <= answer_of(reader.get(path), 200).items(), path
    managed = answer_of(reader.get(f"/api/task/{number}"), 200)
    assert as_managed(task).items() <= managed.items()
    shown = of_day(reader, task)
    assert shown is not None
    assert as_flask(task).items() <= shown.items()


@dataclass(frozen=True)
class Ears:
    """Both kinds of socket of one user."""

    bare: Ear
    socketio: Listener

    def next_about(self, task_id: int) -> Fields:
        """The next message about a task, which both sockets hear alike."""
        message = self.bare.next_about(task_id)

        def heard() -> list[Fields]:
            told = [m for _, _, m in list(self.socketio.heard)]
            return [m for m in told if m["event_id"] == message["event_id"]]

        wait_until(heard, 5, "the message on the other socket")
        assert heard() == [message]
        return message


@pytest.fixture(scope="module")
def service(fresh_database_url: str) -> Iterator[Service]:
    # Every look at a day counts, and these tests look often.
    generous = {"FLASK_API_STRICT_RATE": "100000/minute", "FLASK_API_RATE": "100000/hour"}
    with running(fresh_database_url, generous) as started:
        yield started


@pytest.fixture(scope="module")
def ada(service: Service) -> Client:
    return service.sign_up(f"ada{next(_numbers)}")


@pytest.fixture(scope="module")
def bob(service: Service) -> Client:
    return service.sign_up(f"bob{next(_numbers)}")


@pytest.fixture
def ears(bob: Client) -> Iterator[Ears]:
    socketio = Listener().listen(bob)
    with bob.listening() as bare:
        yield Ears(bare, socketio)
    socketio.client.disconnect()


@pytest.fixture
def create(ada: Client, bob: Client) -> Callable[..., Fields]:
    """Creates a task of ada's for bob through the canonical API."""

    def make(**fields: Any) -> Fields:
        body = {"title": "Agreed upon", "assignee": bob.id} | fields
        task: Fields = answer_of(ada.send("POST", "/api/v1/tasks/", json=body), 201)
        return task

    return make


CREATIONS: dict[str, tuple[str, Fields]] = {
    "/api/tasks/": (
        "assigned_to",
        {"task_name": "New", "task_description": "Whole", "task_status": "in_progress"},
    ),
    "/tasks/": ("assigned_to", {"title": "New", "description": "Whole", "status": "in_progress"}),
    "/tasks/create-task": (
        "assigned_user",
        {"task_name": "New", "description": "Whole", "status": "IN_PROGRESS"},
    ),
    "/api/v1/tasks/": (
        "assignee",
        {"title": "New", "description": "Whole", "status": "IN_PROGRESS"},
    ),
    "/api/task/": (
        "assigned_to",
        {"title": "New", "description": "Whole", "status": "IN_PROGRESS"},
    ),
}
"""For each API the name of its assignee and a body that means the same everywhere."""


@pytest.mark.parametrize("path", CREATIONS)
def test_a_task_created_through_one_api_is_the_same_in_all(ada, bob, ears, path):
    assignee, body = CREATIONS[path]
    body = body | {assignee: bob.id, "priority": "HIGH", "due_date": "2026-03-31"}

    created = answer_of(ada.send("POST", path, json=body), 201)

    task = canonical(ada, created["id"])
    meant = {"title": "New", "description": "Whole", "status": "IN_PROGRESS", "priority": "HIGH"}
    assert (meant | {"assignee": bob.id, "reporter": ada.id}).items() <= task.items()
    assert task["due_date"].startswith("2026-03-31T23:59:59")
    for reader in (ada, bob):
        expect_agreement(reader, task)
    message = ears.next_about(task["id"])
    assert message["action"] == "created"
    assert as_message(task).items() <= message.items()


# Where it is changed, with what, and what that means in the canonical model.
CHANGES: list[tuple[str, str, Fields, Fields]] = [
    ("PATCH", "/api/tasks/{}/", {"task_status": "in_progress"}, {"status": "IN_PROGRESS"}),
    ("PUT", "/tasks/{}/", {"title": "2nd", "status": "in_progress"}, {"title": "2nd"}),
    ("PUT", "/tasks/update-task/{}", {"priority": "CRITICAL"}, {"priority": "CRITICAL"}),
    ("PATCH", "/api/v1/tasks/{}/", {"status": "REVIEW"}, {"status": "REVIEW"}),
    ("PATCH", "/api/task/{}", {"title": "5th", "status": "IN_PROGRESS"}, {"title": "5th"}),
    ("PUT", "/api/tasks/{}/", {"task_name": "6th", "task_status": "in_progress"}, {"title": "6th"}),
    ("PUT", "/api/task/{}", {"title": "6th", "priority": "URGENT", "status": "COMPLETED"},
     {"status": "DONE"}),
]  # fmt: skip


def test_changes_through_each_api_in_turn_are_the_same_in_all(ada, bob, ears, create):
    task = create(priority="LOW", due_date="2099-03-31", description="Never lost")
    seq = ears.next_about(task["id"])["seq"]

    for method, path, body, meaning in CHANGES:
        changed = answer_of(ada.send(method, path.format(task["id"]), json=body), 200)
        before, task = task, canonical(ada, changed["id"])
        times = {name: task[name] for name in ("updated_at", "completed_at")}
        version = {"version": before["version"] + 1}
        assert task == before | meaning | version | times, (method, path)
        for reader in (ada, bob):
            expect_agreement(reader, task)
        message = ears.next_about(task["id"])
        assert (message["action"], message["seq"]) == ("updated", seq := seq + 1)
        assert as_message(task).items() <= message.items()
    assert task["completed_at"]


DELETIONS = {
    "/api/tasks/{}/": 204,
    "/tasks/{}/": 204,
    "/tasks/delete/{}": 200,
    "/api/v1/tasks/{}/": 204,
    "/api/task/{}": 200,
}


@pytest.mark.parametrize("path", DELETIONS)
def test_a_task_deleted_through_one_api_is_gone_from_all(ada, bob, ears, create, path):
    task = create()
    created = ears.next_about(task["id"])

    answer_of(ada.send("DELETE", path.format(task["id"])), DELETIONS[path])

    number = task["id"]
    for reader in (ada, bob):
        for one in ("/api/tasks/{}/", "/tasks/{}/", "/api/v1/tasks/{}/", "/api/task/{}"):
            assert reader.get(one.format(number)).status_code == 404, one
        update = reader.send("PUT", f"/tasks/update-task/{number}", json={"priority": "LOW"})
        assert update.status_code == 404
        assert of_day(reader, task) is None
    message = ears.next_about(number)
    assert (message["action"], message["seq"]) == ("deleted", created["seq"] + 1)


def test_every_status_is_the_agreed_word_in_all_and_found_by_it(bob, create):
    tasks = {status: create(status=status) for status in CLASSIC}

    for task in tasks.values():
        expect_agreement(bob, task)

    searches = {("/api/tasks/", "task_status"): CLASSIC, ("/tasks/", "status"): CLASSIC}
    for (path, name), words in (searches | {("/api/task/", "status"): MANAGED}).items():
        for word in set(words.values()):
            answer = answer_of(bob.get(f"{path}?{name}={word}&page_size=100"), 200)
            found = {task["id"] for task in (answer if path != "/api/task/" else answer["results"])}
            ours = {status for status in tasks if tasks[status]["id"] in found}
            assert ours == {status for status in tasks if words[status] == word}, (path, word)


def test_every_priority_is_the_agreed_word_in_all(bob, create):
    for priority in PRIORITIES:
        task = create(priority=priority)
        assert task["priority"] == priority
        expect_agreement(bob, task)


def test_a_word_for_several_of_ours_does_not_change_which_one_it_is(ada, create):
    for status in CLASSIC:
        task = create(status=status, priority="CRITICAL", due_date="2026-03-31T09:30:00Z")
        number = task["id"]
        for path in ("/api/tasks/{}/", "/tasks/{}/", "/api/task/{}"):
            shown = answer_of(ada.get(path.format(number)), 200)
            answer_of(ada.send("PUT", path.format(number), json=shown), 200)
        shown = of_day(ada, task)
        answer_of(ada.send("PUT", f"/tasks/update-task/{number}", json=shown), 200)

        assert canonical(ada, number) == task


def test_a_day_written_in_one_zone_is_that_day_for_its_writer(service):
    kenji = service.sign_up(f"kenji{next(_numbers)}")
    zone = kenji.send("PATCH", "/api/v1/auth/users/me/", json={"timezone": "Asia/Tokyo"})
    answer_of(zone, 200)

    for path in ("/api/task/", "/api/tasks/", "/tasks/"):
        body = {"title": "In Tokyo", "due_date": "2026-03-31"}
        number = answer_of(kenji.send("POST", path, json=body), 201)["id"]
        assert canonical(kenji, number)["due_date"].startswith("2026-03-31T14:59:59")
        assert answer_of(kenji.get(f"/api/task/{number}"), 200)["due_date"] == "2026-03-31"
