import logging

from tests.workers.support import deliver_all, deliveries

TASKS = "/api/v1/tasks/"


def save(person, task, **fields):
    answer = person.patch(f"{TASKS}{task['id']}/", json=fields)
    assert answer.status_code == 200, answer.text


def calls(app):
    return deliveries(app, channel="lambda")


def test_the_lambda_is_called_once_for_each_transition_to_done(app, ada, caplog):
    task = ada.create_task(title="Ship it")
    save(ada, task, status="DONE")
    save(ada, task, title="Shipped", status="DONE")
    with caplog.at_level(logging.INFO, logger="app.clients.aws_lambda"):
        deliver_all(app)

    assert [call.state for call in calls(app)] == ["done"]
    assert [r.getMessage() for r in caplog.records if r.name == "app.clients.aws_lambda"] == [
        "Lambda Notification: Task 'Ship it' assigned to Unassigned is now completed."
    ]

    save(ada, task, status="TODO")
    save(ada, task, status="DONE")
    deliver_all(app)
    assert [call.state for call in calls(app)] == ["done", "done"]


def test_a_task_that_is_created_done_counts(app, ada):
    ada.create_task(status="DONE")
    ada.create_task(status="CANCELLED")
    deliver_all(app)

    assert len(calls(app)) == 1


def test_the_payload_speaks_to_both_documents(app, ada, bob, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "app.clients.aws_lambda.lambda_handler", lambda event, _: sent.append(event)
    )
    task = ada.create_task(title="Ship it", assignee=bob.id)
    save(ada, task, status="DONE")
    done = ada.get(f"{TASKS}{task['id']}/").json
    deliver_all(app)

    assert sent == [
        {
            "task_id": task["id"],
            "task_title": "Ship it",
            "assigned_to": "bob",
            "Taskname": "Ship it",
            "CompletedAt": done["completed_at"],
            "AssignedTo": "bob",
            "AssignedToEmail": "bob@example.com",
        }
    ]


def test_a_handler_that_raises_is_called_again(app, ada, monkeypatch):
    def broken(_event, _context):
        raise RuntimeError("password=hunter2 was refused")

    monkeypatch.setattr("app.clients.aws_lambda.lambda_handler", broken)
    ada.create_task(status="DONE")
    deliver_all(app)

    (call,) = calls(app)
    assert (call.state, call.attempts) == ("pending", 1)
    assert call.last_error == "RuntimeError: password=*** was refused"
