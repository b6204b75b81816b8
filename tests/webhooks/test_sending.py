"""What is sent: by Standard Webhooks, to whom, and with what content."""

import base64
import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.core.events import StreamName
from app.extensions import db
from app.realtime.entries import as_told, sees_content
from app.realtime.queries import entries_after
from tests.webhooks.conftest import owed, path_of, send
from tests.workers.support import answer, deliveries, relay


def verified(post, secret):
    return Webhook(secret).verify(post.body, post.headers)


def test_the_public_library_verifies_what_is_sent(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.created"])
    task = project.task(title="Grüße ✓", description="line\nline")
    send(app)

    (post,) = receiver.posts
    assert post.path == "/hook"
    assert post.headers["content-type"] == "application/json"
    assert verified(post, made["secret"]) == post.message
    assert list(post.message) == ["type", "timestamp", "data"]
    assert post.type == "task.created"
    data = post.message["data"]
    assert (data["task_id"], data["title"]) == (task["id"], "Grüße ✓")
    assert (data["action"], data["stream"]) == ("created", f"project:{project.id}")
    assert post.id == f"msg_{data['event_id']}"


def test_a_secret_is_random_and_of_32_bytes(ada, project, hook):
    first, second = hook(ada, project)["secret"], hook(ada, project)["secret"]

    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_a_changed_body_or_id_or_secret_is_not_verified(app, ada, project, hook, receiver):
    made, other = (
        hook(ada, project, events=["task.created"]),
        hook(ada, project, events=["board.*"]),
    )
    project.task()
    send(app)

    (post,) = receiver.posts
    for body, headers, secret in (
        (post.body + b" ", post.headers, made["secret"]),
        (post.body, post.headers | {"webhook-id": "msg_1"}, made["secret"]),
        (post.body, post.headers, other["secret"]),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_the_data_is_the_message_of_the_socket_and_no_number_is_left_out(
    app, ada, project, hook, receiver
):
    hook(ada, project)
    task = project.task(title="One", due_date="2030-01-01")
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"status": "DONE"})
    ada.post(f"/api/v1/tasks/{task['id']}/comments/", json={"body": "Hello"})
    ada.patch(f"/api/v1/projects/{project.id}/", json={"name": "New"})
    send(app)
    while owed(app, state="pending"):
        send(app)

    stream = StreamName.of_project(project.id)
    with app.app_context():
        entries = [e for e in entries_after(db.session(), 0) if stream in e.places]
        told = [as_told(e, stream, content=sees_content(e, stream)) for e in entries]
    messages = {message["seq"]: (name, message) for name, message in told}
    posted = {post.message["data"]["seq"]: post.message for post in receiver.posts}
    assert sorted(posted) == sorted(messages) == list(range(1, 6))
    for seq, message in posted.items():
        assert (message["type"], message["data"]) == messages[seq]
        assert list(message["data"]) == list(messages[seq][1]), "in the same order"


def test_whom_a_handler_tells_that_failed_at_first_is_told_by_webhook_too(
    app, ada, bob, make_project, hook, receiver, monkeypatch
):
    shared = make_project(ada, {bob: "MEMBER"})
    hook(bob)
    table = app.extensions["reactions"]
    healthy = table["task.created"]

    def notify_of_task(session, record):
        raise KeyError("assignee")

    broken = replace(healthy, deliver=[notify_of_task, *healthy.deliver[1:]])
    with monkeypatch.context() as patched:
        patched.setitem(table, "task.created", broken)
        shared.task(assignee=bob.id)
        send(app)
    assert owed(app) == []

    (again,) = deliveries(app, channel="again")
    answer(app, again.id)
    send(app)
    assert receiver.types == ["notification.assigned"]


def test_both_secrets_sign_while_they_overlap_and_then_only_the_new_one(
    app, ada, project, hook, receiver, rows
):
    made = hook(ada, project, events=["task.*"])
    answer = ada.post(path_of(made, "secrets/"), json={"overlap_hours": 1})
    assert answer.status_code == 201
    new = answer.json["secret"]
    assert answer.json["old_secret_expires_at"] > answer.json["created_at"]
    project.task()
    send(app)

    (post,) = receiver.posts
    assert len(post.headers["webhook-signature"].split(" ")) == 2
    assert verified(post, made["secret"]) == verified(post, new) == post.message
    only_first = post.headers | {"webhook-signature": post.headers["webhook-signature"].split()[0]}
    assert Webhook(new).verify(post.body, only_first), "the newest signs first"

    rows("UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    project.task()
    send(app)
    assert verified(receiver.posts[-1], new)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.posts[-1], made["secret"])


def test_without_overlap_the_old_secret_ends_at_once_and_of_three_only_two_sign(
    app, ada, project, hook, receiver
):
    made = hook(ada, project, events=["task.*"])
    second = ada.post(path_of(made, "secrets/"), json={}).json["secret"]
    third = ada.post(path_of(made, "secrets/"), json={"overlap_hours": 168}).json["secret"]
    project.task()
    send(app)
    assert verified(receiver.posts[-1], second) == verified(receiver.posts[-1], third)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.posts[-1], made["secret"])

    fourth = ada.post(path_of(made, "secrets/"), json={"overlap_hours": 0}).json["secret"]
    project.task()
    send(app)
    assert len(receiver.posts[-1].headers["webhook-signature"].split(" ")) == 1
    assert verified(receiver.posts[-1], fourth)


def test_a_ping_reaches_its_webhook_alone_whatever_it_subscribes_to(
    app, ada, project, hook, receiver
):
    made, other = hook(ada, project, events=["task.*"]), hook(ada, project, events=["*"])
    send(app)
    receiver.posts.clear()

    assert ada.post(path_of(made, "test/")).status_code == 202
    send(app)

    (post,) = receiver.posts
    assert post.type == "webhook.ping"
    assert post.message["data"]["webhook_id"] == made["id"] != other["id"]
    assert verified(post, made["secret"])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["*"], {"webhook.created", "task.created", "comment.created", "task.deleted"}),
        (["task.*"], {"task.created", "task.deleted"}),
        (["task.deleted", "comment.*"], {"comment.created", "task.deleted"}),
        (["board.*"], set()),
    ],
)
def test_only_what_is_subscribed_to_is_sent(app, ada, project, hook, receiver, wanted, expected):
    hook(ada, project, events=wanted)
    task = project.task()
    ada.post(f"/api/v1/tasks/{task['id']}/comments/", json={"body": "Hello"})
    send(app)
    ada.delete(f"/api/v1/tasks/{task['id']}/")
    send(app)

    assert set(receiver.types) == expected


def test_nothing_of_another_project_is_sent(app, ada, bob, make_project, project, hook, receiver):
    hook(ada, project)
    make_project(bob).task()
    bob.create_task()
    send(app)

    assert receiver.types == ["webhook.created"]


def test_what_happened_before_the_webhook_was_made_is_not_sent(
    app, ada, project, hook, receiver, rows
):
    project.task()
    rows("UPDATE events SET at = at - interval '1 second'")
    hook(ada, project)
    send(app)

    assert receiver.types == ["webhook.created"]


def test_a_task_that_moves_leaves_one_project_and_comes_to_the_other(
    app, ada, make_project, project, hook, receiver
):
    other = make_project(ada)
    left, right = hook(ada, project, events=["task.*"]), hook(ada, other, events=["task.*"])
    gone = hook(ada, project, events=["task.deleted"])
    task = project.task(title="needle")
    send(app)
    receiver.posts.clear()

    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"board": other.board_id, "title": "secret"})
    send(app)

    by_stream = {}
    for post in receiver.posts:
        by_stream.setdefault(post.message["data"]["stream"], []).append(post)
    departures, (arrival,) = by_stream[f"project:{project.id}"], by_stream[f"project:{other.id}"]
    assert [post.type for post in departures] == ["task.deleted"] * 2, (left, gone)
    for post in departures:
        assert set(post.message["data"]) == {"task_id", "action", "stream", "seq", "event_id"}
        assert b"secret" not in post.body
        assert b"needle" not in post.body
    assert (arrival.type, arrival.message["data"]["title"]) == ("task.updated", "secret"), right


def test_what_is_deleted_before_it_is_sent_comes_as_a_removal_or_not_at_all(
    app, ada, project, hook, receiver
):
    hook(ada, project, events=["task.*"])
    hook(ada, project, events=["task.created"])
    task = project.task(title="needle")
    ada.delete(f"/api/v1/tasks/{task['id']}/")
    said = send(app)

    assert receiver.types == ["task.deleted", "task.deleted"]
    assert not any(b"needle" in post.body for post in receiver.posts)
    assert any("does not subscribe to task.deleted" in each for each in said)


def test_of_a_deleted_project_only_that_is_told(app, ada, project, hook, receiver):
    hook(ada, project, events=["task.*", "project.*"])
    project.task(title="needle")
    project.delete()
    said = send(app)

    assert receiver.types == ["project.deleted"]
    assert sum("the project was deleted" in each for each in said) == 1


def test_the_timestamp_is_that_of_the_event_and_the_header_that_of_the_attempt(
    app, ada, project, hook, receiver, rows
):
    hook(ada, project, events=["task.*"])
    project.task()
    relay(app)
    rows("UPDATE events SET at = at - interval '1 hour'")
    send(app)

    (post,) = receiver.posts
    ((at,),) = rows("SELECT extract(epoch FROM at) FROM events WHERE type = 'task.created'")
    assert post.message["timestamp"].endswith("Z")
    assert int(post.headers["webhook-timestamp"]) - int(at) in range(3590, 3700)


def test_a_user_is_sent_what_he_or_she_is_notified_of(app, ada, bob, make_project, hook, receiver):
    shared = make_project(ada, {bob: "MEMBER"})
    made = hook(bob)
    shared.task(assignee=bob.id, title="For Bob")
    shared.task(assignee=ada.id)
    send(app)

    (post,) = receiver.posts
    assert post.type == "notification.assigned"
    assert verified(post, made["secret"])
    data = post.message["data"]
    assert (data["kind"], data["event"]) == ("assigned", "task.created")
    assert data["task"]["title"] == "For Bob"
    assert "read_at" not in data
    inbox = bob.get("/api/v1/notifications/").json["results"]
    assert data | {"read_at": None} == inbox[0]


def test_a_user_is_not_sent_what_is_switched_off_or_not_subscribed_to(
    app, ada, bob, make_project, hook, receiver
):
    shared = make_project(ada, {bob: "MEMBER"})
    hook(bob, events=["notification.mentioned"])
    shared.task(assignee=bob.id)
    send(app)
    assert receiver.posts == []

    hook(bob, events=["notification.*"])
    answer = bob.patch("/api/v1/notifications/preferences/", json={"assigned": {"webhook": False}})
    assert answer.status_code == 200, answer.text
    shared.task(assignee=bob.id)
    send(app)
    assert receiver.posts == []

    answer = bob.patch(
        "/api/v1/notifications/preferences/",
        json={"assigned": {"webhook": True, "inbox": False, "email": False}},
    )
    shared.task(assignee=bob.id)
    send(app)
    assert receiver.types == ["notification.assigned"]


def test_a_user_who_may_not_see_it_any_more_or_is_disabled_is_sent_nothing(
    app, ada, bob, make_project, hook, receiver, rows
):
    shared = make_project(ada, {bob: "MEMBER"})
    hook(bob)
    shared.task(assignee=bob.id)
    shared.remove(bob)
    said = send(app)
    assert receiver.posts == []
    assert any("may not see it any more" in each for each in said)

    shared.add(bob)
    shared.task(assignee=bob.id)
    rows("UPDATE users SET is_active = false WHERE id = :id", id=bob.id)
    send(app)
    assert receiver.posts == []


def test_the_log_holds_the_request_and_the_answer(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.*"])
    receiver.answer = b"thanks\x00" + b"x" * 10_000
    receiver.headers = {"X-Receipt": "7"}
    project.task(title="Logged")
    send(app)

    (entry,) = ada.get(path_of(made, "attempts/")).json["results"]
    (post,) = receiver.posts
    assert json.loads(entry["request_body"]) == post.message
    assert entry["request_headers"]["webhook-signature"] == post.headers["webhook-signature"]
    assert (entry["status"], entry["error"], entry["attempt"]) == (200, None, 1)
    assert {k.lower(): v for k, v in entry["response_headers"].items()}["x-receipt"] == "7"
    assert entry["response_body"].startswith("thanks\ufffdxxx")
    assert len(entry["response_body"]) == 4096
    assert (entry["event_type"], entry["url"]) == ("task.created", receiver.url)
    assert made["secret"] not in ada.get(path_of(made, "attempts/")).text
