import logging
from datetime import timedelta
from threading import Thread

import pytest
from botocore.config import Config

from tests.clients.aws import Reply, failed, lambda_api, problem
from tests.workers.support import answer, deliver_all, deliveries, execute, let_pass, relay

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
    with caplog.at_level(logging.INFO, logger="app.clients.functions"):
        deliver_all(app)

    assert [call.state for call in calls(app)] == ["done"]
    assert [r.getMessage() for r in caplog.records if r.name == "app.clients.functions"] == [
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
    monkeypatch.setattr("app.clients.functions.lambda_handler", lambda event, _: sent.append(event))
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

    monkeypatch.setattr("app.clients.functions.lambda_handler", broken)
    ada.create_task(status="DONE")
    deliver_all(app)

    (call,) = calls(app)
    assert (call.state, call.attempts) == ("pending", 1)
    assert call.last_error == "RuntimeError: password=*** was refused"


@pytest.fixture
def aws(change_settings):
    with lambda_api() as server:
        change_settings(**server.settings)
        yield server


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (problem(429, "TooManyRequestsException", "Rate Exceeded."), "TooManyRequestsException"),
        (problem(403, "AccessDeniedException"), "AccessDeniedException"),
        (problem(404, "ResourceNotFoundException"), "ResourceNotFoundException"),
        (failed(errorType="NameError", errorMessage="x"), "the function failed: NameError: x"),
    ],
)
def test_a_call_that_failed_is_made_again_with_the_same_id(app, ada, aws, reply, why):
    aws.planned = [reply]
    ada.create_task(status="DONE")
    deliver_all(app)
    (call,) = calls(app)
    assert (call.state, call.attempts) == ("pending", 1)
    assert why in call.last_error

    deliver_all(app)
    assert len(aws.calls) == 1  # It is not due yet.
    let_pass(app, timedelta(seconds=7))
    deliver_all(app)

    (call,) = calls(app)
    assert (call.state, call.attempts, call.last_error) == ("done", 2, None)
    first, second = aws.calls
    assert first == second
    assert aws.contexts == [{"custom": {"event_id": call.event_id}}] * 2


def test_a_payload_that_is_refused_is_dead_at_once(app, ada, aws, caplog):
    aws.planned = [problem(413, "RequestTooLargeException")]
    ada.create_task(status="DONE")
    deliver_all(app)

    (call,) = calls(app)
    assert (call.state, call.attempts) == ("dead", 1)
    assert "RequestTooLargeException" in call.last_error
    assert "refused for good" in caplog.text


def test_a_call_that_fails_for_three_days_is_dead_and_can_be_made_again(app, ada, aws):
    aws.planned = [problem(503, "ServiceUnavailable")] * 3
    ada.create_task(status="DONE")
    deliver_all(app)
    let_pass(app, timedelta(hours=71))
    deliver_all(app)
    assert calls(app)[0].state == "pending"
    let_pass(app, timedelta(hours=2))
    deliver_all(app)
    (call,) = calls(app)
    assert (call.state, call.attempts) == ("dead", 3)
    let_pass(app, timedelta(hours=100))
    deliver_all(app)
    assert len(aws.calls) == 3

    execute(
        app,
        "UPDATE deliveries SET state = 'pending', created_at = now(), next_at = now(),"
        " ring_at = now(), lease_until = NULL, finished_at = NULL WHERE id = :id",
        id=call.id,
    )
    deliver_all(app)
    assert [call.state for call in calls(app)] == ["done"]
    assert len(aws.calls) == 4


def test_a_function_that_hangs_holds_no_transaction(app, ada, aws, monkeypatch):
    """The row is leased meanwhile, and can be read and the task be changed."""
    quick = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
    monkeypatch.setattr("app.clients.aws.TIMEOUTS", quick)
    aws.planned = [Reply(hang=True)]
    task = ada.create_task(status="DONE")
    relay(app)
    (call,) = calls(app)
    worker = Thread(target=answer, args=(app, call.id))
    worker.start()
    while not aws.calls:
        assert worker.is_alive()
        worker.join(0.01)
    save(ada, task, title="Changed meanwhile")
    assert calls(app)[0].lease_until is not None
    worker.join()

    (call,) = calls(app)
    assert (call.state, call.attempts, call.lease_until) == ("pending", 1, None)
    assert call.last_error.startswith("LambdaError: ReadTimeoutError")
