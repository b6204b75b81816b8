"""The inbox: what it shows, to whom, and what was read of it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.core import purging
from app.extensions import db
from app.notifications import inbox, jobs
from benchmarks.plans import explain, nodes, recorded
from tests.api.conftest import TASKS, at_once, twin
from tests.workers.support import relay

INBOX = "/api/v1/notifications/"
COUNT = f"{INBOX}count/"
READ = f"{INBOX}read/"


def shown(person, query=""):
    answer = person.get(f"{INBOX}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def unread(person):
    return person.get(COUNT).json["unread"]


def marks(rows):
    """What the other tabs were told, oldest first."""
    told = rows("SELECT snapshot FROM events WHERE type = 'notification.read' ORDER BY id")
    return [row.snapshot for row in told]


@pytest.fixture
def five(app, ada, bob):
    """The ids of five notifications of bob, oldest first."""
    for number in range(5):
        ada.create_task(title=f"Task {number}", assignee=bob.id)
    relay(app)
    return [each["id"] for each in shown(bob)][::-1]


def test_it_says_who_did_what_to_which_task_and_when(app, ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    task = project.task(title="Old", assignee=bob.id)
    ada.patch(f"{TASKS}{task['id']}/", json={"title": "New", "priority": "HIGH"})
    relay(app)

    changed, assigned = shown(bob)
    assert changed.pop("created_at") >= assigned["created_at"] >= task["created_at"]
    assert len(changed.pop("event_id")) == 36
    assert changed.pop("changes") == {
        "title": ["Old", "New"],
        "priority": [task["priority"], "HIGH"],
    }
    assert changed == {
        "id": assigned["id"] + 1,
        "kind": "changed",
        "event": "task.updated",
        "actor": {"id": ada.id, "username": "ada"},
        "task": {"id": task["id"], "title": "New"},
        "project": {"id": project.id, "name": "Project"},
        "comment": None,
        "read_at": None,
    }
    assert (assigned["kind"], assigned["task"]["title"], assigned["changes"]) == (
        "assigned",
        "New",
        {},
    )
    assert shown(ada) == []


def test_a_comment_is_named_and_its_text_is_not_repeated(app, ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    comments = f"{TASKS}{project.task()['id']}/comments/"
    comment = ada.post(comments, json={"body": "a secret"}).json["id"]
    ada.patch(f"/api/v1/comments/{comment}/", json={"body": "a secret, @bob"})
    relay(app)

    (mentioned,) = shown(bob)
    assert (mentioned["kind"], mentioned["comment"]) == ("mentioned", comment)
    assert "secret" not in str(mentioned)


def test_an_invitation_names_the_project_and_no_task(app, ada, bob):
    project = ada.post("/api/v1/projects/", json={"name": "Apollo"}).json["id"]
    ada.post(f"/api/v1/projects/{project}/members/", json={"user": bob.id})
    relay(app)

    (invited,) = shown(bob)
    assert (invited["kind"], invited["task"]) == ("project_invitation", None)
    assert invited["project"] == {"id": project, "name": "Apollo"}


def lose_membership(ada, bob, project, task):
    project.remove(bob)


def lose_task(ada, bob, project, task):
    assert ada.delete(f"{TASKS}{task['id']}/").status_code == 204


def lose_project(ada, bob, project, task):
    project.delete(removing=[ada, bob])


@pytest.mark.parametrize("lose", [lose_membership, lose_task, lose_project])
def test_what_one_may_not_see_any_more_is_not_shown_counted_or_marked(
    app, ada, bob, make_project, lose, rows
):
    project = make_project(ada, {bob: "MEMBER"})
    task = project.task(title="needle", assignee=bob.id)
    relay(app)
    (before,) = shown(bob)
    lose(ada, bob, project, task)
    relay(app)

    answer = bob.get(INBOX)
    assert (answer.json["count"], answer.json["results"]) == (0, [])
    assert unread(bob) == 0
    assert bob.patch(f"{INBOX}{before['id']}/", json={"read": True}).status_code == 404
    assert rows("SELECT count(*) FROM notifications WHERE read_at IS NOT NULL") == [(0,)]
    for path in (INBOX, COUNT):
        assert "needle" not in bob.get(path).text


def test_who_sees_it_again_finds_it_again(app, ada, bob, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    project.task(assignee=bob.id)
    relay(app)
    project.remove(bob)
    assert shown(bob) == []
    project.add(bob)

    assert len(shown(bob)) == unread(bob) == 1


def test_an_invitation_to_a_project_one_has_left_is_not_shown(app, ada, bob):
    project = ada.post("/api/v1/projects/", json={"name": "needle"}).json["id"]
    ada.post(f"/api/v1/projects/{project}/members/", json={"user": bob.id})
    relay(app)
    assert bob.post(f"/api/v1/projects/{project}/leave/").status_code == 204

    assert (shown(bob), unread(bob)) == ([], 0)


def test_outside_a_project_the_task_of_somebody_else_is_not_shown(app, ada, bob, eve):
    task = ada.create_task(assignee=bob.id)
    relay(app)
    ada.patch(f"{TASKS}{task['id']}/", json={"assignee": eve.id})
    relay(app)

    assert shown(bob) == []
    assert [each["kind"] for each in shown(eve)] == ["assigned"]


def test_an_administrator_sees_the_own_inbox_only(app, ada, bob, admin, make_project):
    project = make_project(ada, {bob: "MEMBER"})
    project.task(assignee=bob.id)
    ada.create_task(assignee=admin.id)
    relay(app)

    (own,) = shown(admin)
    (others,) = shown(bob)
    assert own["id"] != others["id"]
    assert admin.patch(f"{INBOX}{others['id']}/", json={"read": True}).status_code == 404
    assert admin.post(READ, json={"ids": [others["id"]]}).status_code == 404


def test_pages_lead_to_every_notification_once_and_back(bob, five):
    found, pages, url = [], [], f"{INBOX}?page_size=2"
    while url:
        page = bob.get(url).json
        assert (page["count"], page["count_is_exact"]) == (5, True)
        pages.append([each["id"] for each in page["results"]])
        found += pages[-1]
        last, url = page, page["next"]

    assert found == five[::-1]
    back = bob.get(last["previous"]).json
    assert [each["id"] for each in back["results"]] == pages[-2]


def test_it_can_be_narrowed_to_kinds_and_to_what_is_unread(app, ada, bob, five):
    bob.post(READ, json={"ids": five[:2]})
    task = shown(bob)[0]["task"]["id"]
    ada.patch(f"{TASKS}{task}/", json={"title": "New"})
    relay(app)

    def ids(query):
        return [each["id"] for each in shown(bob, query)]

    changed = ids("?kind=changed")
    assert len(changed) == 1
    assert ids("?kind=changed,assigned") == changed + five[::-1]
    assert ids("?unread=true&kind=assigned") == five[:1:-1]
    assert ids("?unread=false") == five[1::-1]
    assert ids("?kind=commented") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=shouted", "kind"),
        ("unread=perhaps", "unread"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("cursor=x", "cursor"),
        ("user=1", "user"),
    ],
)
def test_a_bad_query_is_refused_with_the_name_of_the_parameter(ada, query, field):
    answer = ada.get(f"{INBOX}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_one_is_marked_read_and_unread_again(bob, five, rows):
    path = f"{INBOX}{five[0]}/"
    read = bob.patch(path, json={"read": True})
    assert (read.status_code, read.json["id"]) == (200, five[0])
    assert read.json["read_at"] >= read.json["created_at"]
    assert unread(bob) == 4
    assert bob.patch(path, json={"read": True}).json == read.json
    assert bob.patch(path, json={"read": False}).json["read_at"] is None
    assert unread(bob) == 5

    assert marks(rows) == [
        {"read": True, "up_to": None, "ids": [five[0]], "unread": 4},
        {"read": False, "up_to": None, "ids": [five[0]], "unread": 5},
    ]


def test_several_are_marked_at_once_as_one_event(app, bob, five, rows):
    assert bob.post(READ, json={"ids": [five[0], five[2], five[0]]}).json == {"unread": 3}
    assert bob.post(READ, json={"ids": [five[2], five[3]]}).json == {"unread": 2}
    assert bob.post(READ, json={"ids": [five[2], five[3]]}).json == {"unread": 2}
    assert bob.post(READ, json={"up_to": five[1]}).json == {"unread": 1}
    assert bob.post(READ, json={"up_to": five[4]}).json == {"unread": 0}
    assert bob.post(READ, json={"up_to": five[4]}).json == {"unread": 0}

    assert [each["ids"] or each["up_to"] for each in marks(rows)] == [
        [five[0], five[2]],
        [five[3]],
        five[1],
        five[4],
    ]
    (streams,) = {
        tuple(row)
        for row in rows(
            "SELECT s.kind, s.ref_id, e.entity FROM stream_entries t JOIN streams s"
            " ON s.id = t.stream_id JOIN events e ON e.id = t.event_id"
            " WHERE e.type = 'notification.read'"
        )
    }
    assert streams == ("user", bob.id, "notification")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{INBOX}1/", {}, "read"),
        (f"{INBOX}1/", {"read": None}, "read"),
        (f"{INBOX}1/", {"read": "perhaps"}, "read"),
        (f"{INBOX}1/", {"read": True, "kind": "changed"}, "kind"),
        (READ, {}, "ids"),
        (READ, {"ids": []}, "ids"),
        (READ, {"ids": None}, "ids"),
        (READ, {"ids": list(range(1, 102))}, "ids"),
        (READ, {"ids": [0]}, "ids.0"),
        (READ, {"ids": [True]}, "ids.0"),
        (READ, {"up_to": "x"}, "up_to"),
        (READ, {"up_to": 2**63}, "up_to"),
        (READ, {"ids": [1], "up_to": 1}, "ids"),
        (READ, {"all": True}, "all"),
    ],
)
def test_a_bad_mark_is_refused_with_the_name_of_the_field(ada, path, body, field):
    answer = (ada.post if path == READ else ada.patch)(path, json=body)

    assert (answer.status_code, field in answer.json["errors"]) == (422, True), answer.text


def test_what_is_somebody_elses_or_nobodys_is_not_there_and_nothing_is_marked(ada, bob, five, rows):
    for person, ids in ((ada, [five[0]]), (bob, [five[0], five[4] + 1])):
        answer = person.post(READ, json={"ids": ids})
        assert answer.status_code == 404
        assert str(ids[-1]) in answer.json["detail"]
    assert ada.patch(f"{INBOX}{five[0]}/", json={"read": True}).status_code == 404
    assert ada.post(READ, json={"up_to": five[4]}).json == {"unread": 0}
    assert bob.patch(f"{INBOX}0/", json={"read": True}).status_code == 404

    assert unread(bob) == 5
    assert marks(rows) == []


def test_what_is_told_by_mail_only_is_not_in_the_inbox(app, ada, bob, rows):
    bob.patch(f"{INBOX}preferences/", json={"assigned": {"inbox": False}})
    ada.create_task(assignee=bob.id)
    relay(app)

    ((hidden,),) = rows("SELECT id FROM notifications")
    assert (shown(bob), unread(bob)) == ([], 0)
    assert bob.post(READ, json={"ids": [hidden]}).status_code == 404
    assert bob.patch(f"{INBOX}{hidden}/", json={"read": True}).status_code == 404


def test_marks_at_the_same_time_are_each_told_with_what_is_left_then(bob, five, rows):
    calls = [
        lambda tab=twin(bob), own=own: tab.post(READ, json={"ids": [own]}).json["unread"]
        for own in five
    ]

    assert sorted(at_once(calls)) == [0, 1, 2, 3, 4]
    assert [each["unread"] for each in marks(rows)] == [4, 3, 2, 1, 0]


def test_the_same_mark_twice_at_the_same_time_is_one_event(bob, five, rows):
    tabs = [twin(bob) for _ in range(4)]
    calls = [lambda tab=tab: tab.post(READ, json={"up_to": five[4]}).json for tab in tabs]

    assert at_once(calls) == [{"unread": 0}] * 4
    assert len(marks(rows)) == 1


def test_a_mark_that_dies_before_its_commit_leaves_everything_unread(bob, five, rows, monkeypatch):
    monkeypatch.setattr(inbox, "count_unread", lambda *_: 1 / 0)
    assert bob.post(READ, json={"up_to": five[4]}).status_code == 500
    monkeypatch.undo()

    assert (unread(bob), marks(rows)) == (5, [])


def test_what_was_read_is_forgotten_after_90_days_and_what_was_not_stays(
    app, bob, five, rows, monkeypatch
):
    monkeypatch.setattr(purging, "BATCH", 2)
    bob.post(READ, json={"ids": five[:4]})
    rows("UPDATE notifications SET created_at = now() - interval '91 days'")
    rows("UPDATE notifications SET created_at = now() WHERE id = :new", new=five[3])

    def purge():
        with app.app_context():
            return jobs.purge_notifications()

    said = at_once([purge, purge])
    assert sum(int(each.split()[0]) for each in said) == 3
    assert purge() == "0 notifications older than 90 days deleted"
    assert [each["id"] for each in shown(bob)] == five[:2:-1]


def test_what_never_was_in_the_inbox_is_forgotten_as_well(app, bob, five, rows):
    old = datetime.now(UTC) - timedelta(days=91)
    rows("UPDATE notifications SET in_inbox = id = :kept, created_at = :old", kept=five[0], old=old)
    with app.app_context():
        assert jobs.purge_notifications().startswith("4 ")

    assert unread(bob) == 1


LARGE = ("notifications", "events")
LOAD = (
    """
    INSERT INTO tasks (title, description, status, priority, reporter_id, due_date_only,
                       sla_breached, version, created_at, updated_at)
    SELECT 'Task ' || n, '', 'TODO', 'LOW', CASE WHEN n % 10 = 0 THEN :other ELSE :person END,
           false, false, 1, now(), now()
    FROM generate_series(1, 1000) AS n
    """,
    """
    INSERT INTO events (event_id, type, at, actor_id, entity, entity_id, task_id, position,
                        changes, snapshot)
    SELECT gen_random_uuid(), 'task.updated', now(), :other, 'task', task, task, n + 100,
           '{"title": ["a", "b"]}', '{}'
    FROM generate_series(1, 100000) AS n, LATERAL (SELECT 1 + n % 1000) AS its (task)
    """,
    """
    INSERT INTO notifications (user_id, event_id, kind, task_id, in_inbox, read_at)
    SELECT :person, id, CASE WHEN id % 1000 = 7 THEN 'mentioned' ELSE 'changed' END, task_id,
           true, CASE WHEN id % 3 <> 0 THEN now() END
    FROM events
    """,
)


def test_a_hundred_thousand_notifications_are_not_read_to_show_a_page(app, ada, bob):
    relay(app)
    with app.app_context():
        # Nothing that the foreign keys would have to check can be wrong here.
        for statement in ("SET LOCAL session_replication_role = replica", *LOAD):
            db.session.execute(text(statement), {"person": ada.id, "other": bob.id})
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE users, tasks, events, notifications"))
        for path in (INBOX, f"{INBOX}?unread=true", f"{INBOX}?kind=mentioned", COUNT):
            with recorded(db.engine) as queries:
                assert ada.get(path).status_code == 200
            asked = [each for each in queries.statements if "notifications" in each[0]]
            assert len(asked) <= 2, path
            for statement, values in asked:
                plan = explain(db.engine, statement, values)
                print(f"{path:45} {plan['Execution Time']:7.1f} ms")
                read = [each for each in nodes(plan) if each.get("Relation Name") in LARGE]
                assert all(each["Actual Rows"] * each["Actual Loops"] < 2500 for each in read), path
