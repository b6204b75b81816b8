"""What became of one's mails, and a mail for the asking."""

import uuid
from datetime import timedelta

import pytest

from tests.workers.support import answer, deliver_all, deliveries, execute, let_pass, relay

TEST = "/api/v1/notifications/test/"
SENT = "/api/v1/notifications/deliveries/"


def test_a_test_mail_takes_the_way_of_all_others(app, ada, mails):
    asked = ada.post(TEST, json={"channel": "email"})
    deliver_all(app)

    (mail,) = mails()
    assert (asked.status_code, asked.json) == (202, {"channel": "email", "to": "ada@example.com"})
    assert mail["To"] == "ada <ada@example.com>"
    assert mail["X-Request-ID"] == asked.headers["X-Request-ID"]
    assert mail["List-Unsubscribe"] is None
    (sent,) = ada.get(SENT).json["results"]
    assert (sent["kind"], sent["event_type"], sent["state"]) == (
        "test",
        "notification.test",
        "done",
    )
    assert (sent["task"], sent["attempts"], sent["last_error"]) == (None, 1, None)
    assert sent["finished_at"]
    assert sent["next_at"] is None
    assert ada.get("/api/v1/notifications/").json["results"] == []


def test_without_an_address_one_is_told_how_to_add_it(app, ada):
    execute(app, "UPDATE users SET email = NULL")
    answer = ada.post(TEST, json={})

    assert answer.status_code == 409
    assert "PATCH /api/v1/auth/users/me/" in answer.json["detail"]


@pytest.mark.parametrize("body", [{"channel": "inbox"}, {"channel": "fax"}, {"to": "eve@x.org"}])
def test_only_one_owns_address_can_be_tried(app, ada, body):
    answer = ada.post(TEST, json=body)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(body)
    relay(app)
    assert deliveries(app) == []


def test_nobody_fills_a_mailbox_with_tests(app, ada, bob):
    assert [ada.post(TEST, json={}).status_code for _ in range(6)] == [202] * 5 + [429]
    assert bob.post(TEST, json={}).status_code == 202


def test_what_goes_wrong_is_told_in_one_line(app, ada, bob, smtp):
    task = ada.create_task(title="Plan", assignee=bob.id)
    smtp.answer = "451 password=hunter2 try later"
    deliver_all(app)

    (sent,) = bob.get(SENT).json["results"]
    assert (sent["kind"], sent["state"], sent["attempts"]) == ("assigned", "pending", 1)
    assert sent["task"] == {"id": task["id"], "title": "Plan"}
    assert sent["last_error"] == ("MailError: the mail server says: 451 password=*** try later")
    assert sent["next_at"]
    assert ada.get(SENT).json["results"] == []


def test_what_is_refused_for_good_is_dead_at_once(app, ada, bob, smtp):
    smtp.answers["RCPT"] = "550 5.1.1 nobody here"
    ada.create_task(assignee=bob.id)
    deliver_all(app)
    smtp.answers.clear()
    let_pass(app, timedelta(days=1))
    assert answer(app, deliveries(app)[0].id) == "nothing to do"

    (sent,) = bob.get(SENT).json["results"]
    assert (sent["state"], sent["attempts"], smtp.messages) == ("dead", 1, [])
    assert sent["last_error"] == "MailRefused: the mail server says: 550 5.1.1 nobody here"


def test_the_list_is_filtered_and_paged(app, ada, bob, mails):
    for number in range(3):
        ada.create_task(title=f"Task {number}", assignee=bob.id)
        deliver_all(app)
    execute(app, "UPDATE deliveries SET state = 'dead', last_error = 'x' WHERE id = 1")

    page = bob.get(f"{SENT}?page_size=2").json
    assert [row["task"]["title"] for row in page["results"]] == ["Task 2", "Task 1"]
    assert (page["count"], page["previous"]) == (3, None)
    assert len(bob.get(page["next"]).json["results"]) == 1
    assert [row["id"] for row in bob.get(f"{SENT}?state=dead").json["results"]] == [1]
    assert bob.get(f"{SENT}?state=dead,done").json["count"] == 3
    event_id = page["results"][0]["event_id"]
    assert [r["event_id"] for r in bob.get(f"{SENT}?event_id={event_id}").json["results"]] == [
        event_id
    ]
    assert bob.get(f"{SENT}?event_id={uuid.uuid4()}").json["count"] == 0


@pytest.mark.parametrize("query", ["event_id=1", "state=lost", "page=0", "page_size=101", "kind=x"])
def test_a_wrong_filter_is_refused_by_name(ada, query):
    answer = ada.get(f"{SENT}?{query}")

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [query.partition("=")[0]]


def test_the_title_of_a_task_that_one_sees_no_more_is_not_told(app, ada, bob, mails):
    task = ada.create_task(title="A secret", assignee=bob.id)
    relay(app)
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"assignee": None})
    deliver_all(app)

    (sent,) = bob.get(f"{SENT}?state=dropped").json["results"]
    assert sent["task"] is None
    assert sent["last_error"] == "the user may not see the task any more"
    assert mails() == []
