"""What only the Flask API has: uploads, records and the log."""

from io import BytesIO

import pytest

from app.core import clock
from app.exchange.jobs import carry_on_imports
from app.task_logs.jobs import sync_task_logs


def upload(person, text, **form):
    return person.post(
        "/tasks/upload-csv", data={"file": (BytesIO(text.encode()), "t.csv"), **form}
    )


@pytest.fixture
def worked(app):
    """Does what the worker does with imports."""

    def work():
        with app.app_context():
            carry_on_imports()

    return work


def test_a_csv_in_the_documents_words_is_imported(ada, bob, worked):
    answer = upload(
        ada,
        "task_name,description,status,priority,assigned_user,created_at\n"
        "Old one,From 2025,completed,HIGH,bob,2025-04-06\n"
        "New one,,pending,,,\n",
    )
    worked()

    done = ada.get(f"/tasks/upload-csv/{answer.json['id']}").json
    assert (answer.status_code, done["state"], done["imported"]) == (202, "done", 2)
    (old,) = ada.get("/tasks/task/2025-04-06").json
    assert (old["task_name"], old["status"], old["assigned_user"]) == ("Old one", "DONE", bob.id)
    assert len(ada.get("/tasks/task-records?status=pending").json) == 1


def test_one_bad_row_keeps_all_out_unless_the_valid_ones_are_wanted(ada, worked):
    text = "task_name,Status\nGood,pending\nBad,nonsense\n"

    none, rest = upload(ada, text).json["id"], upload(ada, text, mode="valid").json["id"]
    worked()

    assert ada.get(f"/tasks/upload-csv/{none}").json["imported"] == 0
    (fault,) = ada.get(f"/api/v1/tasks/imports/{none}/errors/").json["results"]
    assert (fault["row"], fault["column"], fault["value"]) == (3, "Status", "nonsense")
    assert ada.get(f"/tasks/upload-csv/{rest}").json["imported"] == 1
    assert [task["task_name"] for task in ada.get("/tasks/task-records").json] == ["Good"]


def test_a_file_is_needed(ada):
    answer = ada.post("/tasks/upload-csv", data={"mode": "all"})

    assert (answer.status_code, "file" in answer.json["error"]) == (400, True)


def test_the_log_shows_what_was_active_on_a_day(app, ada, bob):
    task = ada.create_task(title="Seen", assignee=bob.id)
    ada.create_task(title="Mine")
    with app.app_context():
        sync_task_logs(clock.now())
        sync_task_logs(clock.now())

    mine, theirs = ada.get("/tasks/task-log").json, bob.get("/tasks/task-log").json

    assert {row["task_name"] for row in mine} == {"Seen", "Mine"}
    assert [(row["task_id"], row["assigned_user"]) for row in theirs] == [(task["id"], bob.id)]
    assert ada.get(f"/tasks/task-log?task_id={task['id']}").json == theirs
    assert ada.get("/tasks/task-log?date=2025-13-01").status_code == 400
    assert ada.get("/tasks/task-log?nonsense=1").status_code == 400
