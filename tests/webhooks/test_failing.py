"""Receivers that fail: pauses, order, what is told of them, and when they are switched off."""

from datetime import timedelta
from email.utils import formatdate
from time import sleep, time

import pytest

from app.clients import http
from app.webhooks import delivering
from tests.api.conftest import at_once
from tests.webhooks.conftest import owed, path_of, send
from tests.workers.support import answer, deliveries, execute, let_pass, relay

HOUR = timedelta(hours=1)


def pass_time(app, duration):
    """Make everything that waits that much older."""
    let_pass(app, duration)
    execute(
        app,
        "UPDATE webhook_endpoints SET retry_at = retry_at - :d, failing_since = failing_since - :d",
        d=duration,
    )


def shown(person, hook):
    return person.get(path_of(hook)).json


def log(person, hook, **query):
    return person.get(path_of(hook, "attempts/"), query_string=query).json["results"]


def test_after_an_hour_of_500_everything_arrives_once_and_in_order_per_task(
    app, ada, project, hook, receiver
):
    made = hook(ada, project, events=["task.*"])
    receiver.status = 500
    tasks = [project.task(title="0") for _ in range(2)]
    for minutes in range(0, 60, 10):
        for task in tasks[: 1 + minutes // 10 % 2]:
            ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": str(minutes + 1)})
        send(app)
        pass_time(app, timedelta(minutes=10))
    assert 5 <= len(receiver.posts) <= 6, "one attempt in each round, not one for each delivery"
    assert shown(ada, made)["failures"] >= 5

    receiver.status = 200
    while owed(app, state="pending"):
        send(app)
        pass_time(app, timedelta(minutes=20))

    assert len(receiver.accepted) == len({post.id for post in receiver.accepted}) == len(owed(app))
    for task in tasks:
        titles = [
            int(post.message["data"]["title"])
            for post in receiver.accepted
            if post.message["data"]["task_id"] == task["id"]
        ]
        assert titles == sorted(titles)
        assert titles[0] == 0
    assert (shown(ada, made)["failures"], shown(ada, made)["failing_since"]) == (0, None)


def test_the_id_stays_and_the_timestamp_does_not(app, ada, project, hook, receiver):
    hook(ada, project, events=["task.*"])
    receiver.status = 503
    project.task()
    send(app)
    pass_time(app, timedelta(minutes=1))
    execute(app, "UPDATE events SET at = at")
    receiver.status = 204
    send(app)

    first, second = receiver.posts
    assert first.id == second.id
    assert first.body == second.body
    assert int(first.headers["webhook-timestamp"]) <= int(second.headers["webhook-timestamp"])


def test_a_failing_webhook_costs_one_attempt_per_pause_however_much_it_is_owed(
    app, ada, project, hook, receiver
):
    hook(ada, project, events=["task.*"])
    receiver.status = 500
    for _ in range(6):
        project.task()
    send(app)
    assert len(receiver.posts) == 1

    for delivery in owed(app, state="pending"):
        answer(app, delivery.id)
    assert len(receiver.posts) == 1, "nothing is tried in the pause"
    assert sum(delivery.attempts for delivery in owed(app)) == 1, "and nothing is counted"

    for attempts in (2, 3):
        pass_time(app, timedelta(minutes=5))
        send(app)
        assert len(receiver.posts) == attempts


def test_when_the_pause_is_over_two_workers_make_one_attempt(app, ada, project, hook, receiver):
    hook(ada, project, events=["task.*"])
    receiver.status = 500
    for _ in range(4):
        project.task()
    send(app)
    pass_time(app, timedelta(minutes=5))
    at_once([lambda owed_id=each.id: answer(app, owed_id) for each in owed(app, state="pending")])

    assert len(receiver.posts) == 2


def test_an_attempt_whose_worker_dies_keeps_the_others_waiting_only_for_its_lease(
    app, ada, project, hook, receiver, monkeypatch
):
    hook(ada, project, events=["task.*"])
    receiver.status = 500
    project.task()
    project.task()
    send(app)
    pass_time(app, timedelta(minutes=5))

    def die(_call):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_send", die)
        with pytest.raises(KeyboardInterrupt):
            answer(app, owed(app)[1].id)
    receiver.status = 200
    send(app)
    assert len(receiver.posts) == 1, "the dead one might still be at it"

    pass_time(app, timedelta(seconds=61))
    send(app)
    pass_time(app, timedelta(minutes=1))
    send(app)
    assert len(receiver.accepted) == 2


def test_a_message_that_is_never_accepted_does_not_hold_up_the_others(
    app, ada, project, hook, receiver
):
    hook(ada, project, events=["task.*"])
    bad = project.task(title="bad")
    receiver.refuses = lambda post: post.message["data"]["task_id"] == bad["id"]
    for _ in range(5):
        project.task()
    for _ in range(4):
        send(app)
        pass_time(app, timedelta(seconds=30))

    assert len(receiver.accepted) == 5
    (left,) = owed(app, state="pending")
    assert left.task_id == bad["id"]
    assert left.last_error == "The answer was 500."


def test_a_success_lets_everything_go_that_was_held_back(app, ada, project, hook, receiver):
    hook(ada, project, events=["task.*"])
    receiver.status = 500
    for _ in range(5):
        project.task()
    send(app)
    receiver.status = 200
    pass_time(app, timedelta(seconds=8))
    send(app)
    send(app)

    # Only the one that has failed by itself keeps a pause of its own.
    assert len(receiver.accepted) >= 4
    assert len(owed(app, state="pending")) <= 1


@pytest.mark.parametrize(
    ("status", "header", "least", "most"),
    [
        (429, "120", 115, 121),
        (503, "1800", 1795, 1801),
        (429, "999999999999", 3595, 3601),
        (429, "date", 595, 605),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 3, 7),
        (429, "soon", 3, 7),
        (429, "-5", 3, 7),
        (500, "120", 3, 7),
    ],
)
def test_a_receiver_may_say_when_to_try_again(
    app, ada, project, hook, receiver, rows, status, header, least, most
):
    made = hook(ada, project, events=["task.*"])
    receiver.status = status
    header = formatdate(time() + 600, usegmt=True) if header == "date" else header
    receiver.headers = {"Retry-After": header}
    project.task()
    send(app)

    ((pause, own),) = rows(
        "SELECT extract(epoch FROM retry_at - now()), extract(epoch FROM next_at - now())"
        " FROM webhook_endpoints, deliveries WHERE channel = 'webhook'"
    )
    assert least <= pause <= most
    assert least <= own <= most
    assert log(ada, made)[0]["error"] == f"The answer was {status}."


def test_410_switches_the_webhook_off_and_drops_what_it_is_owed(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.*"])
    receiver.status = 410
    for _ in range(3):
        project.task()
    send(app)

    found = shown(ada, made)
    assert found["is_active"] is False
    assert found["disabled_reason"] == "Its receiver answered 410 Gone."
    assert len(receiver.posts) == 1
    assert {each.state for each in owed(app)} == {"dropped"}
    assert {each.last_error for each in owed(app)} == {"Its receiver answered 410 Gone."}
    project.task()
    relay(app)
    assert len(owed(app)) == 3, "nothing more is owed to it"


def test_after_three_days_it_is_switched_off_and_its_people_are_told(
    app, ada, bob, make_project, hook, receiver
):
    project = make_project(ada, {bob: "ADMIN"})
    made = hook(bob, project, events=["task.*"])
    receiver.status = 500
    project.task()
    send(app)
    for hours in (24, 24, 23):
        pass_time(app, timedelta(hours=hours))
        send(app)
        assert shown(ada, made)["is_active"]
    pass_time(app, timedelta(hours=2))
    send(app)

    found = shown(ada, made)
    assert (found["is_active"], found["disabled_reason"]) == (False, "It has failed for 3 days.")
    assert {each.state for each in owed(app)} <= {"dropped", "dead"}
    relay(app)
    for person in (ada, bob):
        told = person.get("/api/v1/notifications/").json["results"]
        assert "webhook_disabled" in {each["kind"] for each in told}
    logged = ada.get(f"/api/v1/audit/logs/?project={project.id}&action=disabled").json["results"]
    assert [(each["entity"], each["actor"]) for each in logged] == [("webhook", None)]

    receiver.status = 200
    again = ada.patch(path_of(made), json={"is_active": True})
    assert again.status_code == 200
    assert (again.json["failures"], again.json["failing_since"]) == (0, None)
    assert (again.json["disabled_at"], again.json["disabled_reason"]) == (None, None)
    project.task()
    send(app)
    assert len(receiver.accepted) == 1


@pytest.mark.parametrize("end", ["removed", "demoted", "project deleted"])
def test_whoever_may_not_see_it_any_more_gets_no_mail_of_its_address(
    app, ada, bob, make_project, hook, receiver, rows, end
):
    project = make_project(ada, {bob: "ADMIN"})
    hook(bob, project, events=["task.*"], url=receiver.url + "?key=secret")
    receiver.status = 410
    project.task()
    send(app)
    relay(app)
    if end == "removed":
        project.remove(bob)
    elif end == "demoted":
        rows("UPDATE project_members SET role = 'MEMBER' WHERE user_id = :id", id=bob.id)
    else:
        project.delete()

    sent = {mail.target: mail for mail in deliveries(app, channel="email")}
    answer(app, sent[str(bob.id)].id)
    answer(app, sent[str(ada.id)].id)

    after = {mail.target: mail for mail in deliveries(app, channel="email")}
    assert after[str(bob.id)].state == "dropped"
    assert after[str(bob.id)].last_error == "the user may not see the webhook any more"
    assert (after[str(ada.id)].state == "done") is (end != "project deleted")


def test_a_receiver_that_hangs_is_cut_off_and_does_not_hold_up_another(
    app, ada, bob, make_project, project, hook, receiver, monkeypatch
):
    monkeypatch.setattr(
        delivering, "make_http_client", lambda s: http.HttpClient(["127.0.0.0/8"], seconds=0.2)
    )
    made = hook(ada, project, events=["task.*"])
    other = make_project(bob)
    well = hook(bob, other, events=["task.*"], url=receiver.url + "/well")
    receiver.before_answer = lambda: receiver.posts[-1].path == "/hook" and sleep(0.4)
    for _ in range(5):
        project.task()
        other.task()
    send(app)

    paths = [post.path for post in receiver.posts]
    assert (paths.count("/hook"), paths.count("/hook/well")) == (1, 5)
    (entry,) = log(ada, made)
    assert entry["status"] is None
    assert entry["error"].startswith("HttpError: ")
    assert shown(bob, well)["failures"] == 0


def test_nobody_there_is_a_failure_that_the_log_explains(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.*"], url="http://127.0.0.1:1/")
    project.task()
    send(app)

    (entry,) = log(ada, made)
    assert (entry["status"], entry["response_body"]) == (None, None)
    assert entry["error"].startswith("HttpError: ")


def test_a_redirect_is_a_failure_and_is_not_followed(app, ada, project, hook, receiver):
    made = hook(ada, project, events=["task.*"])
    receiver.status, receiver.headers = 302, {"Location": receiver.url + "/elsewhere"}
    project.task()
    send(app)

    assert [post.path for post in receiver.posts] == ["/hook"]
    assert log(ada, made)[0]["error"] == "The answer was 302."


def test_a_name_that_means_an_address_in_here_is_never_called(
    app, ada, project, hook, receiver, change_settings, monkeypatch
):
    made = hook(ada, project, events=["task.*"], url="http://hooks.example.com/")
    change_settings(WEBHOOK_ALLOWED_NETWORKS=[])
    monkeypatch.setattr(http, "look_up", lambda host, port: ["127.0.0.1"])
    project.task()
    send(app)

    (entry,) = log(ada, made, ok="false")
    assert entry["error"] == "UnsafeAddress: the address is not a public one"
    assert receiver.posts == []
    assert shown(ada, made)["failures"] == 1


def test_what_is_switched_off_or_deleted_meanwhile_is_dropped(app, ada, project, hook, receiver):
    off, gone = hook(ada, project, events=["task.*"]), hook(ada, project, events=["task.*"])
    project.task()
    relay(app)
    assert ada.patch(path_of(off), json={"is_active": False}).status_code == 200
    assert ada.delete(path_of(gone)).status_code == 204

    assert [(each.state, each.last_error) for each in owed(app)] == [
        ("dropped", "ada switched it off."),
        ("dropped", "the webhook was deleted"),
    ]
    send(app)
    assert receiver.posts == []


@pytest.mark.parametrize("status", [200, 500])
def test_a_webhook_that_is_deleted_during_the_attempt_leaves_nothing_pending(
    app, ada, project, hook, receiver, status
):
    made = hook(ada, project, events=["task.*"])
    receiver.status = status
    twin = ada.client.application.test_client()
    receiver.before_answer = lambda: twin.delete(path_of(made), headers=ada.headers)
    project.task()
    send(app)

    assert ada.get(path_of(made)).status_code == 404
    (delivery,) = owed(app)
    assert delivery.state == ("done" if status == 200 else "dropped")


def test_a_secret_that_is_rotated_during_the_attempt_counts_from_the_next_one(
    app, ada, project, hook, receiver
):
    made = hook(ada, project, events=["task.*"])
    twin = ada.client.application.test_client()
    receiver.before_answer = lambda: twin.post(
        path_of(made, "secrets/"), headers=ada.headers, json={}
    )
    project.task()
    send(app)
    receiver.before_answer = lambda: None
    project.task()
    send(app)

    signatures = [post.headers["webhook-signature"].split(" ") for post in receiver.posts]
    assert [len(each) for each in signatures] == [1, 2]


def test_a_mistake_of_ours_is_a_failure_that_is_tried_again(
    app, ada, project, hook, receiver, monkeypatch
):
    hook(ada, project, events=["task.*"])
    project.task()

    def fail(*_):
        raise KeyError("seq")

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "envelope", fail)
        send(app)
    (delivery,) = owed(app)
    assert (delivery.state, delivery.last_error) == ("pending", "KeyError: 'seq'")

    pass_time(app, timedelta(minutes=1))
    send(app)
    assert len(receiver.posts) == 1
