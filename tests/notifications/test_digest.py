"""One mail instead of a burst."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.extensions import db
from app.notifications import folding
from tests.workers.support import answer, deliver_all, deliveries, execute, let_pass, relay

TASKS = "/api/v1/tasks/"
DIGEST = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def digest(change_settings):
    change_settings(EMAIL_DIGEST_SECONDS=60)


@pytest.fixture
def smtp(smtp, change_settings, app):
    """As elsewhere, without losing the digest."""
    change_settings(EMAIL_DIGEST_SECONDS=60, EMAIL_HOST="127.0.0.1", EMAIL_PORT=smtp.port)
    return smtp


@pytest.fixture
def task(app, ada, bob):
    """A task of bob's, of which all mails so far are forgotten."""
    task = ada.create_task(title="Plan", assignee=bob.id, status="TODO")
    relay(app)
    execute(app, "DELETE FROM deliveries")
    return task


def patch(person, task, **fields):
    answer = person.patch(f"{TASKS}{task['id']}/", json=fields)
    assert answer.status_code == 200, answer.text


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def states(app):
    return [delivery.state for delivery in deliveries(app)]


def claim(app, delivery):
    """What a worker does first; then it dies."""
    with app.app_context(), unit_of_work() as session:
        return folding.claim(session, delivery.id) is not None


def test_changes_within_a_minute_make_one_mail(app, ada, bob, admin, mails, task):
    patch(ada, task, status="IN_PROGRESS", priority="HIGH")
    patch(admin, task, title="Plan the trip", priority="CRITICAL")
    patch(ada, task, status="REVIEW")
    deliver_all(app)
    assert mails() == []

    let_pass(app, DIGEST)
    deliver_all(app)

    (mail,) = (mail for mail in mails() if mail["To"].addresses[0].username == "bob")
    text = text_of(mail)
    assert mail["Subject"] == "Task updated: Plan the trip"
    assert "ada and root changed a task that is assigned to you." in text
    assert "- Title: Plan -> Plan the trip" in text
    assert "- Status: Todo -> Review" in text
    assert "- Priority: Medium -> Critical" in text
    head, *parts = deliveries(app, target=str(bob.id))
    assert [part.part_of for part in parts] == [head.id] * 2
    assert {(each.state, each.attempts) for each in (head, *parts)} == {("done", 1)}


def test_off_means_a_mail_for_each_change(app, ada, bob, mails, task, change_settings):
    change_settings(EMAIL_DIGEST_SECONDS=0)
    patch(ada, task, status="IN_PROGRESS")
    patch(ada, task, status="REVIEW")
    deliver_all(app)

    assert [text_of(mail).count("- Status:") for mail in mails()] == [1, 1]


def test_what_came_back_to_where_it_was_is_not_told(app, ada, bob, mails, task):
    patch(ada, task, status="IN_PROGRESS", title="Other")
    patch(ada, task, status="TODO")
    let_all_pass(app)

    (mail,) = mails()
    assert "- Status" not in text_of(mail)
    assert "- Title: Plan -> Other" in text_of(mail)


def test_nothing_left_to_tell_is_no_mail(app, ada, bob, mails, task):
    patch(ada, task, status="IN_PROGRESS")
    patch(ada, task, status="TODO")
    let_all_pass(app)

    assert mails() == []
    assert {(d.state, d.last_error) for d in deliveries(app)} == {
        ("dropped", "everything is again as it was before")
    }


def let_all_pass(app):
    relay(app)
    let_pass(app, DIGEST)
    deliver_all(app)


def test_each_person_and_each_task_has_a_mail_of_its_own(app, ada, bob, admin, mails, task):
    other = ada.create_task(title="Other", assignee=bob.id)
    relay(app)
    execute(app, "DELETE FROM deliveries")
    for each in (task, other, task, other):
        patch(admin, each, title=each["title"] + "!" if each is task else "Other?")
        patch(admin, each, estimated_hours=2)
    let_all_pass(app)

    told = sorted((mail["To"].addresses[0].username, mail["Subject"]) for mail in mails())
    assert told == [
        ("ada", "Task updated: Other?"),
        ("ada", "Task updated: Plan!"),
        ("bob", "Task updated: Other?"),
        ("bob", "Task updated: Plan!"),
    ]


def test_a_mail_of_another_kind_keeps_its_place(app, ada, bob, eve, mails, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    patch(ada, task, assignee=eve.id)
    patch(ada, task, assignee=bob.id)
    patch(ada, task, title="Three")
    let_all_pass(app)

    to_bob = [mail for mail in mails() if mail["To"].addresses[0].username == "bob"]
    assert [mail["Subject"] for mail in to_bob] == [
        "Task updated: Two",
        "ada assigned you: Two",
        "Task updated: Three",
    ]


def test_a_retry_sends_the_same_again_whatever_came_since(app, ada, bob, smtp, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    relay(app)
    let_pass(app, DIGEST)
    smtp.answer = "451 later"
    deliver_all(app)
    patch(ada, task, title="Three")
    relay(app)
    head, part, later = deliveries(app)
    assert [d.attempts for d in (head, part, later)] == [1, 1, 0]
    assert part.last_error == head.last_error
    assert "451" in part.last_error

    smtp.answer = None
    let_pass(app, DIGEST)
    answer(app, head.id)
    # It was accepted, but the worker died before it could say so.
    execute(
        app,
        "UPDATE deliveries SET state = 'pending', lease_until = NULL WHERE id <= :id",
        id=part.id,
    )
    answer(app, head.id)
    answer(app, later.id)

    first, second, third = smtp.messages
    assert first["Message-ID"] == second["Message-ID"] != third["Message-ID"]
    for mail in (first, second):
        assert mail["Subject"] == "Task updated: Two"
    assert third["Subject"] == "Task updated: Three"
    assert states(app) == ["done"] * 3


def test_a_worker_that_dies_between_claim_and_mail_changes_nothing(app, ada, bob, mails, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    relay(app)
    let_pass(app, DIGEST)
    head = deliveries(app)[0]
    assert claim(app, head)
    patch(ada, task, title="Three")
    relay(app)
    assert answer(app, head.id) == "nothing to do"

    let_pass(app, DIGEST)
    for delivery in deliveries(app):
        answer(app, delivery.id)

    assert [mail["Subject"] for mail in mails()] == ["Task updated: Two", "Task updated: Three"]


def test_a_part_is_never_claimed_nor_rung_for(app, ada, bob, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    relay(app)
    let_pass(app, DIGEST)
    head, part = deliveries(app)
    claim(app, head)
    let_pass(app, timedelta(hours=1))

    assert not claim(app, part)
    with app.app_context(), unit_of_work() as session:
        assert folding.deliveries.take_due("email", session, 10) == [head.id]


def test_two_workers_send_one_mail(app, ada, bob, smtp, task):
    for title in ("One", "Two", "Three"):
        patch(ada, task, title=title)
    relay(app)
    let_pass(app, DIGEST)
    ids = [delivery.id for delivery in deliveries(app)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: answer(app, each), ids * 3))

    assert [mail["Subject"] for mail in smtp.messages] == ["Task updated: Three"]


@pytest.mark.parametrize(
    ("reply", "state"), [("550 no such user", "dead"), ("451 later", "pending")]
)
def test_what_becomes_of_the_first_becomes_of_all(app, ada, bob, smtp, task, reply, state):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    smtp.answers["RCPT"] = reply
    relay(app)
    let_pass(app, DIGEST)
    deliver_all(app)

    head, part = deliveries(app)
    assert (head.state, part.state) == (state, state)
    assert (part.next_at, part.last_error) == (head.next_at, head.last_error)
    assert reply in part.last_error


def test_what_is_given_up_is_given_up_with_its_parts(app, ada, bob, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    relay(app)
    let_pass(app, DIGEST)
    claim(app, deliveries(app)[0])
    let_pass(app, timedelta(hours=73))
    with app.app_context(), unit_of_work() as session:
        folding.deliveries.take_due("email", session, 10)

    assert states(app) == ["dead", "dead"]


def test_a_hundred_changes_are_one_mail(app, ada, bob, mails, task):
    patch(ada, task, title="Change 0")
    relay(app)
    execute(
        app,
        """
        WITH copies AS (
            INSERT INTO events (event_id, type, at, actor_id, entity, entity_id, task_id,
                task_version, changes, snapshot, position)
            SELECT gen_random_uuid(), e.type, e.at, e.actor_id, e.entity, e.entity_id, e.task_id,
                e.task_version + n, jsonb_build_object('title',
                    jsonb_build_array('Change ' || n - 1, 'Change ' || n)),
                e.snapshot || jsonb_build_object('title', 'Change ' || n), e.position + n
            FROM events e, generate_series(1, 99) n
            WHERE e.id = (SELECT max(id) FROM events)
            RETURNING id, task_id
        ), told AS (
            INSERT INTO notifications (user_id, event_id, kind, task_id, in_inbox)
            SELECT :bob, id, 'changed', task_id, true FROM copies
        )
        INSERT INTO deliveries (event_id, task_id, channel, target)
        SELECT id, task_id, 'email', (:bob)::text FROM copies
        """,
        bob=bob.id,
    )
    let_pass(app, DIGEST)
    for delivery in deliveries(app)[:2]:
        answer(app, delivery.id)

    (mail,) = mails()
    assert "- Title: Plan -> Change 99" in text_of(mail)
    assert set(states(app)) == {"done"}


def test_an_own_change_in_between_is_not_told(app, ada, bob, mails, task):
    patch(ada, task, title="One")
    patch(bob, task, priority="LOW")
    patch(ada, task, title="Two")
    let_all_pass(app)

    to_bob = [mail for mail in mails() if mail["To"].addresses[0].username == "bob"]
    assert len(to_bob) == 1
    assert "ada changed" in text_of(to_bob[0])
    assert "Priority: Medium" not in text_of(to_bob[0])


def test_a_mail_switched_off_while_it_waits_is_not_sent(app, ada, bob, mails, task):
    patch(ada, task, title="One")
    relay(app)
    bob.patch("/api/v1/notifications/preferences/", json={"changed": {"email": False}})
    let_all_pass(app)

    assert mails() == []
    assert [d.last_error for d in deliveries(app)] == ["the user does not want such mails any more"]


def test_a_task_deleted_while_its_mail_waits_is_not_told(app, ada, bob, mails, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    relay(app)
    ada.delete(f"{TASKS}{task['id']}/")
    let_all_pass(app)

    assert mails() == []
    assert states(app) == ["dropped", "dropped"]


def test_forgetting_events_forgets_the_mails_that_went_together(app, ada, bob, mails, task):
    patch(ada, task, title="One")
    patch(ada, task, title="Two")
    let_all_pass(app)
    head, _ = deliveries(app)
    execute(app, "DELETE FROM deliveries WHERE id = :id", id=head.id)

    with app.app_context():
        assert db.session.query(Delivery).count() == 0
