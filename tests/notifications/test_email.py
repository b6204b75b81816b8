import re
from datetime import timedelta

import pytest

from tests.workers.support import answer, deliver_all, deliveries, execute, let_pass, relay

TASKS = "/api/v1/tasks/"


def patch(person, task, **fields):
    answer = person.patch(f"{TASKS}{task['id']}/", json=fields)
    assert answer.status_code == 200, answer.text


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def html_of(mail):
    return mail.get_body(("html",)).get_content()


def test_a_new_task_is_mailed_to_its_assignee(app, ada, bob, mails):
    ada.create_task(
        title="Write the report", assignee=bob.id, due_date="2026-03-31T12:00:00Z", priority="HIGH"
    )
    deliver_all(app)

    (mail,) = mails()
    assert mail["To"] == "bob <bob@example.com>"
    assert mail["Subject"] == "ada assigned you: Write the report"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Request-ID"]
    for body in (text_of(mail), html_of(mail)):
        assert "ada" in body
        assert "assigned you a task." in body
        assert "Write the report" in body
        assert "High" in body
        assert "Tue 31 Mar 2026, 12:00 (UTC)" in body
        assert re.search(r"http://\S+/#tasks/\d+", body)


def test_a_changed_task_tells_who_changed_what(app, ada, bob, mails):
    task = ada.create_task(title="Old", assignee=bob.id, status="TODO")
    deliver_all(app)
    patch(ada, task, title="New", status="IN_PROGRESS", due_date="2036-03-31T22:30:00Z")
    deliver_all(app)

    mail = mails()[-1]
    assert mail["Subject"] == "Task updated: New"
    assert "ada changed a task that is assigned to you." in text_of(mail)
    assert "- Title: Old -> New" in text_of(mail)
    assert "- Status: Todo -> In progress" in text_of(mail)
    assert "- Due: none -> Mon 31 Mar 2036, 22:30 (UTC)" in text_of(mail)


def test_instants_are_in_the_time_zone_of_the_reader(app, ada, bob, mails):
    assert bob.patch("/api/v1/auth/users/me/", json={"timezone": "Asia/Tokyo"}).status_code == 200
    ada.create_task(assignee=bob.id, due_date="2026-03-31T22:30:00Z")
    deliver_all(app)

    assert "Wed 01 Apr 2026, 07:30 (Asia/Tokyo)" in text_of(mails()[0])


def test_only_whoever_gets_the_task_is_told_that_it_is_theirs(app, ada, bob, eve, mails):
    task = ada.create_task(title="Hot potato", assignee=bob.id)
    deliver_all(app)
    patch(ada, task, assignee=eve.id)
    patch(ada, task, assignee=None)
    relay(app)
    patch(ada, task, assignee=eve.id)
    deliver_all(app)

    told = [(mail["To"].addresses[0].username, mail["Subject"]) for mail in mails()]
    assert told[0] == ("bob", "ada assigned you: Hot potato")
    assert set(told[1:]) == {("eve", "ada assigned you: Hot potato")}
    assert "- Assigned to: bob -> eve" in text_of(mails()[1])


def test_script_in_a_title_is_inert(app, ada, bob, mails):
    title = "<script>alert(1)</script> & <img src=x onerror=alert(2)>"
    task = ada.create_task(title=title, assignee=bob.id, description=title)
    patch(ada, task, description="</td><script>alert(3)</script>")
    deliver_all(app)

    for mail in mails():
        assert "<script" not in html_of(mail)
        assert "<img" not in html_of(mail)
        assert "&lt;script&gt;" in html_of(mail)
        assert "<script>alert(1)</script>" in mail["Subject"]


def test_line_breaks_add_no_header(app, ada, bob, mails):
    task = ada.create_task(assignee=bob.id)
    # The API refuses them; so this is what an import or an older release might have left.
    execute(
        app,
        "UPDATE events SET snapshot = snapshot || jsonb_build_object('title', (:title)::text)",
        title="Hello\r\nBcc: eve@example.com\r\n\r\nbody",
    )
    execute(app, "UPDATE users SET first_name = :name", name="A\r\nBcc: eve@example.com")
    deliver_all(app)

    (mail,) = mails()
    assert task["id"]
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert mail["Subject"].endswith("assigned you: Hello Bcc: eve@example.com body")
    assert [a.addr_spec for a in mail["To"].addresses] == ["bob@example.com"]


def test_nobody_is_mailed_about_their_own_change_unless_they_ask(app, ada, mails):
    task = ada.create_task(assignee=ada.id)
    deliver_all(app)
    assert mails() == []
    assert deliveries(app) == []

    ada.patch("/api/v1/auth/users/me/", json={"email_own_changes": True})
    patch(ada, task, title="Mine")
    deliver_all(app)
    assert [mail["Subject"] for mail in mails()] == ["Task updated: Mine"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE users SET is_active = false WHERE username = 'bob'", "disabled or has no e-mail"),
        ("UPDATE users SET email = NULL WHERE username = 'bob'", "disabled or has no e-mail"),
        ("UPDATE tasks SET assignee_id = NULL", "may not see the task"),
    ],
)
def test_what_is_no_longer_right_is_dropped_with_its_reason(
    app, ada, bob, mails, statement, reason
):
    ada.create_task(assignee=bob.id)
    relay(app)
    execute(app, statement)
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert mails() == []
    assert (delivery.state, delivery.attempts) == ("dropped", 1)
    assert reason in delivery.last_error


def test_an_unassigned_task_owes_no_mail(app, ada):
    ada.create_task()
    relay(app)

    assert deliveries(app) == []


def test_a_server_that_refuses_and_then_accepts_gets_one_mail(app, ada, bob, smtp):
    ada.create_task(assignee=bob.id)
    smtp.answer = "451 Try again later"
    deliver_all(app)
    (failed,) = deliveries(app)
    assert (failed.state, failed.attempts, smtp.messages) == ("pending", 1, [])
    assert "451" in failed.last_error

    smtp.answer = None
    assert answer(app, failed.id) == "nothing to do"
    let_pass(app, timedelta(seconds=7))
    for _ in range(2):
        answer(app, failed.id)

    (done,) = deliveries(app)
    (mail,) = smtp.messages
    assert (done.state, done.attempts, done.last_error) == ("done", 2, None)
    assert re.fullmatch(rf"<delivery-[0-9a-f-]{{36}}-{bob.id}@[\w.-]+>", mail["Message-ID"])


def test_the_same_mail_again_has_the_same_message_id(app, ada, bob, smtp):
    ada.create_task(assignee=bob.id)
    deliver_all(app)
    # The worker died after the server had accepted, before it could say so.
    execute(app, "UPDATE deliveries SET state = 'pending', lease_until = NULL")
    deliver_all(app)

    first, second = smtp.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_mails_about_one_task_keep_their_order(app, ada, bob, smtp):
    task = ada.create_task(title="First", assignee=bob.id)
    patch(ada, task, title="Second")
    relay(app)
    first, second = deliveries(app)

    assert answer(app, second.id) == "nothing to do"
    smtp.answer = "451 Later"
    answer(app, first.id)
    assert answer(app, second.id) == "nothing to do"
    smtp.answer = None
    let_pass(app, timedelta(seconds=7))
    answer(app, first.id)
    answer(app, second.id)

    assert [mail["Subject"] for mail in smtp.messages] == [
        "ada assigned you: First",
        "Task updated: Second",
    ]


def test_a_bug_in_composing_is_noted_and_tried_later(app, ada, bob, mails):
    ada.create_task(assignee=bob.id, due_date="2026-03-31")
    execute(app, "UPDATE users SET timezone = 'Mars/Olympus'")
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert (delivery.state, delivery.lease_until) == ("pending", None)
    assert "Mars/Olympus" in delivery.last_error


def test_a_long_text_is_cut(app, ada, bob, mails):
    ada.create_task(assignee=bob.id, description="x" * 20_000)
    deliver_all(app)

    assert len(text_of(mails()[0])) < 1000
