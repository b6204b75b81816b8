import re
from email.utils import parseaddr

import pytest

from app.core import events
from app.core.db import unit_of_work
from app.projects.models import ProjectMember, ProjectRole
from app.tasks.events import TaskSlaBreached, TaskUpdated, streams_of
from app.tasks.models import Task
from app.tasks.service import as_json
from tests.workers.support import answer, deliver_all, deliveries, execute, relay

API = "/api/v1"


def join(app, *people):
    with app.app_context(), unit_of_work() as session:
        for person in people:
            session.add(ProjectMember(project_id=1, user_id=person.id, role=ProjectRole.MEMBER))


@pytest.fixture
def task(app, ada, bob):
    """A task in project 1 that ada reported; she and bob are members."""
    join(app, ada, bob)
    task = ada.create_task(title="Plan the trip")
    execute(app, "UPDATE tasks SET project_id = 1, board_id = 1, position = 'a0'")
    return task


def say(person, task, body):
    made = person.post(f"{API}/tasks/{task['id']}/comments/", json={"body": body})
    assert made.status_code == 201, made.text
    return made.json


def edit(person, comment, body):
    edited = person.patch(f"{API}/comments/{comment['id']}/", json={"body": body})
    assert edited.status_code == 200, edited.text


def told(messages):
    return sorted(parseaddr(str(mail["To"]))[1].partition("@")[0] for mail in messages)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def html_of(mail):
    return mail.get_body(("html",)).get_content()


def test_each_one_mentioned_gets_exactly_one_mail(app, ada, bob, admin, smtp, task):
    comment = say(ada, task, "Hi @bob, @BOB and @root: look, `@ada`")
    for _ in range(2):
        deliver_all(app)
    for delivery in deliveries(app):
        answer(app, delivery.id)

    assert told(smtp.messages) == ["bob", "root"]
    for mail in smtp.messages:
        assert mail["Subject"] == "ada mentioned you: Plan the trip"
        assert re.fullmatch(r"<delivery-[0-9a-f-]{36}-\d+@[\w.-]+>", mail["Message-ID"])
    assert len({mail["Message-ID"] for mail in smtp.messages}) == 2
    assert comment["mentions"] == [bob.id, admin.id]


def test_the_mail_says_who_where_and_what(app, ada, bob, mails, task):
    say(ada, task, "Dear @bob\n\nwhat now?")
    deliver_all(app)

    (mail,) = mails()
    for body in (text_of(mail), html_of(mail)):
        assert "mentioned you in a comment." in body
        assert "Plan the trip" in body
        assert "what now?" in body
        assert re.search(rf"http://\S+/#tasks/{task['id']}", body)


def test_who_cannot_see_the_task_and_who_writes_get_none(app, ada, eve, mails, task):
    ada.patch(f"{API}/auth/users/me/", json={"email_own_changes": True})
    say(ada, task, "@eve @ada @nobody eve@example.com")
    deliver_all(app)

    assert mails() == []
    assert deliveries(app) == []


def test_an_edit_tells_only_whom_it_adds(app, ada, bob, admin, mails, task):
    comment = say(ada, task, "@bob")
    deliver_all(app)
    edit(ada, comment, "@bob, again")
    edit(ada, comment, "@bob and @root")
    edit(ada, comment, "@root and @bob")
    deliver_all(app)

    assert told(mails()) == ["bob", "root"]


def test_a_name_that_goes_and_comes_back_is_told_once(app, ada, bob, mails, task):
    comment = say(ada, task, "@bob")
    deliver_all(app)
    edit(ada, comment, "nobody")
    edit(ada, comment, "@bob after all")
    deliver_all(app)

    assert told(mails()) == ["bob"]
    assert [delivery.state for delivery in deliveries(app)] == ["done", "dropped"]


def test_who_was_told_of_the_comment_is_told_of_the_mention(app, ada, bob, mails, task):
    execute(app, "UPDATE tasks SET assignee_id = :bob", bob=bob.id)
    comment = say(ada, task, "Hello")
    deliver_all(app)
    edit(ada, comment, "Hello @bob")
    deliver_all(app)

    assert [mail["Subject"].split(":")[0] for mail in mails()] == [
        "ada commented",
        "ada mentioned you",
    ]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM project_members WHERE user_id = (:bob)::bigint", "may not see the task"),
        ("UPDATE tasks SET deleted_at = now() WHERE :bob > 0", "may not see the task"),
        ("UPDATE users SET is_active = false WHERE id = :bob", "disabled"),
    ],
)
def test_who_lost_sight_of_the_task_before_the_mail_went_gets_none(
    app, ada, bob, mails, task, statement, reason
):
    say(ada, task, "A secret for @bob")
    relay(app)
    execute(app, statement, bob=bob.id)
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert mails() == []
    assert delivery.state == "dropped"
    assert reason in delivery.last_error


def test_a_mention_that_was_taken_back_is_not_mailed(app, ada, bob, mails, task):
    deleted, edited = say(ada, task, "@bob one"), say(ada, task, "@bob two")
    relay(app)
    ada.delete(f"{API}/comments/{deleted['id']}/")
    edit(ada, edited, "nobody")
    deliver_all(app)

    assert mails() == []
    assert {delivery.state for delivery in deliveries(app)} == {"dropped"}


def test_no_text_becomes_a_header_or_a_script(app, ada, bob, mails, task):
    execute(app, "UPDATE tasks SET title = :title", title="Hi\r\nBcc: eve@example.com")
    say(ada, task, "@bob <script>alert(1)</script>\r\nBcc: eve@example.com" + "x" * 5000)
    deliver_all(app)

    (mail,) = mails()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "ada mentioned you: Hi Bcc: eve@example.com"
    assert "<script" not in html_of(mail)
    assert "&lt;script&gt;" in html_of(mail)
    assert len(text_of(mail)) < 1000


def test_a_task_is_mailed_to_its_assignee_only_while_a_member(app, ada, bob, mails, task):
    ada.patch(f"{API}/tasks/{task['id']}/", json={"assignee": bob.id})
    relay(app)
    execute(app, "DELETE FROM project_members WHERE user_id = :bob", bob=bob.id)
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert (mails(), delivery.state) == ([], "dropped")
    assert "may not see the task" in delivery.last_error


def test_a_member_whose_task_it_is_no_more_gets_no_mail(app, ada, bob, mails, task):
    ada.patch(f"{API}/tasks/{task['id']}/", json={"assignee": bob.id})
    relay(app)
    execute(app, "UPDATE tasks SET assignee_id = NULL")
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert (mails(), delivery.state) == ([], "dropped")
    assert "not the user's any more" in delivery.last_error


def breach(app, task, kind, actor_id=None, **changes):
    """What the service records when a task becomes overdue."""
    with app.app_context(), unit_of_work() as session:
        row = session.get_one(Task, task["id"], with_for_update=True)
        row.sla_breached, row.version = True, row.version + 1
        snapshot = as_json(row)
        events.record(
            kind(
                entity_id=row.id,
                actor_id=actor_id,
                streams=streams_of(snapshot),
                changes={"sla_breached": [False, True]} | changes,
                snapshot=snapshot,
                task_id=row.id,
                task_version=row.version,
            )
        )


def forget_deliveries(app):
    """Only what comes after this is of interest."""
    relay(app)
    execute(app, "DELETE FROM deliveries")


def test_an_overdue_task_is_mailed_to_its_assignee(app, ada, bob, mails):
    bob.patch(f"{API}/auth/users/me/", json={"timezone": "Asia/Tokyo"})
    task = ada.create_task(title="Late", assignee=bob.id, due_date="2026-03-31T22:30:00Z")
    forget_deliveries(app)
    breach(app, task, TaskSlaBreached)
    for _ in range(2):
        deliver_all(app)

    (mail,) = mails()
    assert told([mail]) == ["bob"]
    assert mail["Subject"] == "Overdue: Late"
    assert "A task that is assigned to you is overdue." in text_of(mail)
    assert "Wed 01 Apr 2026, 07:30 (Asia/Tokyo)" in text_of(mail)
    assert "Somebody" not in text_of(mail) + html_of(mail)


def test_without_an_assignee_the_reporter_is_told(app, ada, mails):
    task = ada.create_task(title="Late", due_date="2026-03-31")
    forget_deliveries(app)
    breach(app, task, TaskSlaBreached)
    deliver_all(app)

    (mail,) = mails()
    assert told([mail]) == ["ada"]
    assert "A task that you reported is overdue." in text_of(mail)
    assert "because the task you reported." not in html_of(mail)


def test_a_change_that_makes_a_task_overdue_is_one_mail(app, ada, bob, mails):
    task = ada.create_task(title="Late", assignee=bob.id)
    forget_deliveries(app)
    due = "2026-03-31T12:00:00.000Z"
    execute(app, "UPDATE tasks SET due_at = :due", due=due)
    breach(app, task, TaskUpdated, actor_id=ada.id, due_date=[None, due])
    deliver_all(app)

    (mail,) = mails()
    assert mail["Subject"] == "Overdue: Late"
    assert "is overdue." in text_of(mail)
    assert "- Due: none -> Tue 31 Mar 2026, 12:00 (UTC)" in text_of(mail)


def test_ones_own_change_that_makes_a_task_overdue_is_not_mailed(app, ada, mails):
    task = ada.create_task(assignee=ada.id)
    forget_deliveries(app)
    breach(app, task, TaskUpdated, actor_id=ada.id)
    deliver_all(app)

    assert mails() == []
