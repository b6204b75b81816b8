"""Operators find, explain, requeue and drop deliveries."""

import pytest

from app.core import deliveries as core
from app.core.db import unit_of_work
from tests.api.conftest import at_once
from tests.workers.support import answer, deliveries, events, execute, let_pass

URL = "/api/v1/admin/deliveries/"


def states(app, ids):
    return [deliveries(app, id=each)[0].state for each in ids]


def test_a_dead_mail_is_found_explained_and_sent_again(app, admin, bob, owed, kill):
    kill(owed[3])

    (found,) = admin.get(f"{URL}?state=dead").json["results"]
    assert (found["id"], found["recipient"]) == (owed[3], {"id": bob.id, "username": "bob"})
    shown = admin.get(f"{URL}{owed[3]}/").json
    assert shown["explanation"].startswith("Given up after 3 days, tried 290 times; the last error")
    assert "451 try later" in shown["explanation"]
    assert f"flask deliveries requeue {owed[3]}" in shown["explanation"]
    done = admin.post(f"{URL}{owed[3]}/requeue/")

    assert done.status_code == 200
    assert done.json["deliveries"] == [owed[3]]
    assert answer(app, owed[3]) == f"delivery {owed[3]} is done"


def test_what_is_requeued_has_three_days_again(app, admin, owed, kill):
    kill(owed[3])
    admin.post(f"{URL}{owed[3]}/requeue/")
    with app.app_context(), unit_of_work() as session:
        core.fail(session, core.claim(session, owed[3]), "it did not work")

    (delivery,) = deliveries(app, id=owed[3])
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    let_pass(app, core.GIVE_UP_AFTER)
    with app.app_context(), unit_of_work() as session:
        core.fail(session, core.claim(session, owed[3]), "it did not work")
    assert states(app, [owed[3]]) == ["dead"]


def test_a_command_is_one_event_that_names_operator_and_deliveries(app, admin, owed, kill):
    kill(*owed)
    admin.post(f"{URL}requeue/", json={"state": ["dead"], "error": "451", "dry_run": False})
    admin.post(f"{URL}{owed[0]}/drop/", json={"reason": "nobody reads it"})

    requeued, dropped = sorted(events(app), key=lambda record: record.id)[-2:]
    assert (requeued.type, dropped.type) == ("delivery.requeued", "delivery.dropped")
    assert requeued.actor_id == dropped.actor_id == admin.id
    assert requeued.changes["deliveries"] == [None, owed]
    assert requeued.changes["filter"] == [None, {"state": ["dead"], "error": "451"}]
    assert dropped.changes["reason"] == [None, "nobody reads it"]
    shown = admin.get("/api/v1/audit/logs/?entity=delivery").json["results"]
    assert [each["action"] for each in shown] == ["dropped", "requeued"]


def test_many_are_only_told_of_unless_it_is_meant(app, admin, owed, kill):
    kill(*owed)
    asked = {"state": ["dead"], "limit": 3}

    told = admin.post(f"{URL}requeue/", json=asked).json
    assert (told["dry_run"], told["count"], told["deliveries"]) == (True, 3, owed[:3])
    assert "Nothing is done yet" in told["note"]
    assert states(app, owed) == ["dead"] * 4
    assert admin.get("/api/v1/audit/logs/?entity=delivery").json["count"] == 0
    done = admin.post(f"{URL}requeue/", json=asked | {"dry_run": False}).json

    assert (done["dry_run"], done["count"]) == (False, 3)
    assert states(app, owed) == ["pending"] * 3 + ["dead"]


def test_an_older_one_that_is_requeued_says_that_newer_ones_went_out(app, admin, owed, kill):
    kill(owed[0])
    assert [answer(app, each) for each in owed[1:3]] == [
        f"delivery {each} is done" for each in owed[1:3]
    ]

    done = admin.post(f"{URL}{owed[0]}/requeue/").json

    assert "1 of them after newer news of the same task" in done["note"]
    assert answer(app, owed[0]) == f"delivery {owed[0]} is done"


def test_what_a_worker_has_in_hand_is_left_alone(app, admin, owed, claim):
    taken = claim(owed[0])

    for answered in (
        admin.post(f"{URL}{owed[0]}/requeue/"),
        admin.post(f"{URL}{owed[0]}/drop/", json={"reason": "x"}),
    ):
        assert answered.status_code == 409
        assert "worker" in answered.json["detail"]
    many = admin.post(f"{URL}drop/", json={"state": "pending", "reason": "x", "dry_run": False})
    assert (many.json["in_hand"], many.json["deliveries"]) == (1, owed[1:])
    with app.app_context(), unit_of_work() as session:
        core.finish(session, taken)
    assert states(app, owed) == ["done", "dropped", "dropped", "dropped"]


def test_operators_and_workers_at_once_leave_every_row_in_one_state(app, admin, owed):
    def work():
        return [answer(app, each) for each in owed]

    def requeue():
        return admin.client.application.test_client().post(
            f"{URL}requeue/",
            json={"state": "pending,done", "dry_run": False},
            headers=admin.headers,
        )

    answers = at_once([work, requeue, work, requeue])

    assert {each.status_code for each in answers if not isinstance(each, list)} == {200}
    for _ in range(2):
        work()
    assert states(app, owed) == ["done"] * 4


def test_dropping_lets_the_next_one_go(app, admin, owed):
    execute(app, "UPDATE deliveries SET ring_at = now() + interval '1 minute'")
    assert admin.post(f"{URL}{owed[0]}/drop/", json={"reason": "wrong"}).status_code == 200

    with app.app_context(), unit_of_work() as session:
        assert core.take_due("email", session, 10) == [owed[1]]
    (dropped,) = deliveries(app, id=owed[0])
    assert dropped.last_error == "dropped by an operator: wrong"
    shown = admin.get(f"{URL}{owed[0]}/").json["explanation"]
    assert shown == "Not sent, because it is not wanted: “dropped by an operator: wrong”."


def test_what_is_over_cannot_be_dropped_and_what_is_not_there_not_found(app, admin, owed):
    answer(app, owed[0])

    assert admin.post(f"{URL}{owed[0]}/drop/", json={"reason": "x"}).status_code == 409
    for method, path in (("get", ""), ("post", "requeue/"), ("post", "drop/")):
        body = {"json": {"reason": "x"}} if path == "drop/" else {}
        assert getattr(admin, method)(f"{URL}999999/{path}", **body).status_code == 404


def test_an_explanation_says_what_is_happening(app, admin, owed, claim):
    def said(number):
        return admin.get(f"{URL}{owed[number]}/").json["explanation"]

    assert said(0) == "It is due: a worker takes it next."
    assert said(1) == f"It waits for delivery {owed[0]} about the same task, which has to go first."
    with app.app_context(), unit_of_work() as session:
        core.fail(session, core.claim(session, owed[0]), "MailError: 451 later")
    execute(app, "UPDATE deliveries SET next_at = now() + interval '12 minutes' WHERE attempts > 0")
    assert said(0) == "Tried once; the last error: “MailError: 451 later”. Next try in 12 min."
    claim(owed[3])
    assert said(3) == "A worker is at it now."
    execute(app, "UPDATE deliveries SET next_at = now() - interval '7 minutes', lease_until = NULL")
    assert "It has been due for 7 min and no worker has taken it" in said(0)
    answer(app, owed[0])
    assert said(0).startswith("Carried out at 20")
    execute(app, f"UPDATE deliveries SET part_of = {owed[1]} WHERE id = {owed[0]}")
    assert said(0).endswith(f"; tried twice. It was told in the mail of delivery {owed[1]}.")


def test_an_order_about_a_part_is_one_about_the_whole(app, admin, owed, kill):
    head, part = owed[:2]
    execute(app, f"UPDATE deliveries SET part_of = {head} WHERE id = {part}")
    assert f"It goes with delivery {head}" in admin.get(f"{URL}{part}/").json["explanation"]
    kill(head, part)

    assert admin.post(f"{URL}{part}/requeue/").json["deliveries"] == [head]
    assert states(app, owed[:2]) == ["pending", "pending"]
    assert deliveries(app, id=part)[0].part_of == head
    many = {"state": "pending", "reason": "x", "dry_run": False}
    assert admin.post(f"{URL}drop/", json=many).json["deliveries"] == [head, *owed[2:]]
    assert states(app, owed) == ["dropped"] * 4


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=dead", [0]),
        ("state=pending", [3, 2, 1]),
        ("state=dead&state=pending&page_size=2", [3, 2]),
        ("channel=email&error=TRY", [0]),
        ("channel=lambda,again", []),
        ("error=%25", []),
        ("event_type=task.created", [3, 0]),
        ("created_at_lt=-2d", [0]),
        ("target=nobody", []),
    ],
)
def test_the_list_is_narrowed(admin, owed, kill, query, found):
    kill(owed[0])
    answered = admin.get(f"{URL}?{query}")

    assert [each["id"] for each in answered.json["results"]] == [owed[n] for n in found]


def test_the_list_is_narrowed_by_whom_and_task_and_goes_on_page_by_page(admin, bob, owed):
    first = admin.get(f"{URL}?target={bob.id}&page_size=3").json
    assert (first["count"], first["count_is_exact"]) == (4, True)
    second = admin.get(first["next"]).json
    assert [each["id"] for each in first["results"] + second["results"]] == owed[::-1]
    assert second["next"] is None
    task = first["results"][1]["task"]
    assert admin.get(f"{URL}?task={task}").json["count"] == 3


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("state=lost", "state", "Must be one of: pending, done, dropped, dead."),
        ("channel=pigeon", "channel", "email"),
        ("task=x", "task", "Not a valid integer."),
        ("created_at_gte=x", "created_at_gte", "must be a date"),
        ("page_size=0", "page_size", "less than or equal to 100"),
        ("sate=dead", "sate", "did you mean state"),
        ("target=", "target", "must not be blank"),
    ],
)
def test_a_bad_filter_is_named(admin, query, field, told):
    answered = admin.get(f"{URL}?{query}")

    assert answered.status_code == 422
    assert told in " ".join(answered.json["errors"][field])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("requeue/", {}, "state"),
        ("requeue/", {"state": ["lost"]}, "state"),
        ("requeue/", {"state": ["dead"], "limit": 0}, "limit"),
        ("requeue/", {"state": ["dead"], "limit": 1001}, "limit"),
        ("requeue/", {"state": ["dead"], "dry_run": "perhaps"}, "dry_run"),
        ("requeue/", {"state": ["dead"], "created_at_lt": "x"}, "created_at_lt"),
        ("requeue/", {"state": ["dead"], "created_at_lt": 5}, "created_at_lt"),
        ("requeue/", {"state": ["dead"], "task": []}, "task"),
        ("requeue/", {"state": []}, "state"),
        ("drop/", {"state": ["dead"]}, "reason"),
        ("drop/", {"state": ["done"], "reason": "x"}, "state"),
        ("drop/", {"state": ["dead"], "reason": " "}, "reason"),
        ("drop/", {"state": ["dead"], "reason": "x", "chanel": "email"}, "chanel"),
        ("1/drop/", {}, "reason"),
        ("1/drop/", {"reason": "x" * 201}, "reason"),
    ],
)
def test_a_bad_order_is_refused(admin, path, body, field):
    answered = admin.post(f"{URL}{path}", json=body)

    assert answered.status_code == 422
    assert field in answered.json["errors"]


def test_nobody_else_sees_or_steers_deliveries(ada, client, owed):
    calls = [("get", URL), ("get", f"{URL}1/"), ("get", "/api/v1/admin/queues/")]
    calls += [("post", f"{URL}{path}") for path in ("1/requeue/", "1/drop/", "requeue/", "drop/")]
    for method, path in calls:
        assert getattr(client, method)(path).status_code == 401
        refused = getattr(ada, method)(path)
        assert refused.status_code == 403
        assert "ADMIN" in refused.json["detail"]
