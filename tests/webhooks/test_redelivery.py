"""Sending again: one delivery, or a part of the project's stream."""

import pytest

from app.webhooks import redelivery
from tests.api.conftest import at_once, twin
from tests.webhooks.conftest import owed, path_of, send
from tests.workers.support import execute, relay


def redeliver(person, hook, delivery):
    return person.post(path_of(hook, f"deliveries/{delivery.id}/redeliver/"))


def replay(person, hook, status=202, **body):
    answer = person.post(path_of(hook, "replay/"), json=body)
    assert answer.status_code == status, answer.text
    return answer.json


@pytest.fixture
def made(app, ada, project, hook, receiver):
    """An endpoint that has got everything of three tasks: 1 to 4 of the stream."""
    hook_ = hook(ada, project)
    for number in range(3):
        project.task(title=str(number))
    send(app)
    return hook_


@pytest.mark.parametrize("state", ["done", "dead", "dropped"])
def test_what_is_over_is_sent_again_with_the_same_id(app, ada, made, receiver, state):
    execute(
        app, "UPDATE deliveries SET state = :s, created_at = now() - interval '9 days'", s=state
    )
    delivery = owed(app)[1]
    answer = redeliver(ada, made, delivery)

    assert answer.status_code == 202
    assert (answer.json["state"], answer.json["attempts"]) == ("pending", 0)
    assert answer.json["next_at"] is not None
    send(app)
    assert receiver.posts[-1].id == receiver.posts[1].id
    assert receiver.posts[-1].body == receiver.posts[1].body
    assert owed(app)[1].state == "done"


def test_two_who_redeliver_at_once_cause_one_delivery(app, ada, made, receiver):
    delivery = owed(app)[0]
    answers = at_once([lambda: redeliver(twin(ada), made, delivery)] * 3)

    assert [each.status_code for each in answers] == [202] * 3
    send(app)
    assert len(receiver.posts) == 5


def test_a_delivery_of_another_webhook_is_not_there(app, ada, project, made, hook):
    other = hook(ada, project)

    assert redeliver(ada, other, owed(app)[0]).status_code == 404
    assert ada.post(path_of(made, "deliveries/999/redeliver/")).status_code == 404


def test_a_stream_is_sent_again_from_a_number_on(app, ada, made, receiver):
    assert replay(ada, made, from_seq=3) == {"owed": 2, "next_seq": None}
    send(app)

    assert [post.message["data"]["seq"] for post in receiver.posts] == [1, 2, 3, 4, 3, 4]
    assert [post.id for post in receiver.posts[4:]] == [post.id for post in receiver.posts[2:4]]
    assert replay(ada, made, from_seq=1, to_seq=2)["owed"] == 2
    assert replay(ada, made, from_seq=1, to_seq=2)["owed"] == 0, "they are pending already"
    assert replay(ada, made, from_seq=5) == {"owed": 0, "next_seq": None}
    assert replay(ada, made, from_seq=4, to_seq=2) == {"owed": 0, "next_seq": None}


def test_what_was_never_owed_is_owed_by_a_replay_as_far_as_it_is_subscribed_to(
    app, ada, make_project, project, made, hook, receiver
):
    other = make_project(ada)
    task = project.task()
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"board": other.board_id})
    relay(app)
    late = hook(ada, project, events=["task.deleted", "webhook.*"])
    execute(app, "DELETE FROM deliveries")

    assert replay(ada, late, from_seq=1)["owed"] == 3
    receiver.posts.clear()
    send(app)
    # It was made twice in this project: one webhook before the tasks, this one after them.
    got = [(post.type, post.message["data"]["seq"]) for post in receiver.posts]
    assert [each for each in got if each[0] == "task.deleted"] == [("task.deleted", 6)]


def test_a_long_stream_is_sent_again_in_parts(ada, made, monkeypatch):
    monkeypatch.setattr(redelivery, "MAX_EVENTS", 3)

    assert replay(ada, made, from_seq=1) == {"owed": 3, "next_seq": 4}
    assert replay(ada, made, from_seq=4) == {"owed": 1, "next_seq": None}
    assert replay(ada, made, from_seq=1, to_seq=3) == {"owed": 0, "next_seq": None}


def test_what_the_audit_log_has_forgotten_cannot_be_sent_again(app, ada, made):
    execute(app, "DELETE FROM stream_entries WHERE seq < 3 AND stream_id IN"
                 " (SELECT id FROM streams WHERE kind = 'project')")  # fmt: skip
    refused = replay(ada, made, status=410, from_seq=1)

    assert refused["first_seq"] == 3
    assert "The first that is kept is 3." in refused["detail"]
    assert replay(ada, made, from_seq=3)["owed"] == 2


@pytest.mark.parametrize("body", [{}, {"from_seq": 0}, {"from_seq": "x"}, {"from_seq": None}])
def test_a_replay_needs_a_number(ada, made, body):
    assert set(replay(ada, made, status=422, **body)["errors"]) == {"from_seq"}


def test_the_webhooks_of_a_user_follow_no_stream(ada, hook):
    refused = replay(ada, hook(ada), status=409, from_seq=1)

    assert "follow a stream" in refused["detail"]


def test_ten_thousand_events_are_owed_again_by_one_statement(app, ada, project, made, rows):
    ((stream,),) = rows("SELECT id FROM streams WHERE kind = 'project'")
    rows(
        "WITH made AS (INSERT INTO events (event_id, type, at, entity, entity_id, project_id,"
        " changes, snapshot, position) SELECT gen_random_uuid(), 'board.updated', now(), 'board',"
        " n, :p, '{}', '{}', 100 + n FROM generate_series(1, 10000) n RETURNING id, entity_id)"
        " INSERT INTO stream_entries SELECT :s, 4 + entity_id, id FROM made",
        p=project.id, s=stream,
    )  # fmt: skip
    rows("UPDATE streams SET last_seq = 10004 WHERE id = :s", s=stream)

    assert replay(ada, made, from_seq=1) == {"owed": 10000, "next_seq": 10001}
    assert replay(ada, made, from_seq=10001) == {"owed": 4, "next_seq": None}
    ((pending,),) = rows("SELECT count(*) FROM deliveries WHERE state = 'pending'")
    assert pending == 10004
