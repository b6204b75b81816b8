"""Who is told of what, as which kind, and by which channel."""

import pytest
from sqlalchemy import text

from app.core import events
from app.core.db import unit_of_work
from app.extensions import db
from app.notifications.kinds import KINDS, STRENGTH, Channel, Kind
from app.notifications.telling import strongest
from app.projects.models import ProjectMember, ProjectRole
from app.tasks.events import TaskDueSoon, TaskSlaBreached, TaskUpdated, streams_of
from app.tasks.models import Task
from app.tasks.recording import as_json
from app.users.models import Role
from benchmarks.plans import recorded
from tests.workers.support import deliveries, execute, relay

API = "/api/v1"
TASKS = f"{API}/tasks/"
PREFERENCES = f"{API}/notifications/preferences/"


def patch(person, task, **fields):
    answer = person.patch(f"{TASKS}{task['id']}/", json=fields)
    assert answer.status_code == 200, answer.text


def say(person, task, body):
    made = person.post(f"{TASKS}{task['id']}/comments/", json={"body": body})
    assert made.status_code == 201, made.text
    return made.json


def choose(person, **kinds):
    answer = person.patch(PREFERENCES, json=kinds)
    assert answer.status_code == 200, answer.text


def join(app, *people):
    with app.app_context(), unit_of_work() as session:
        for person in people:
            session.add(ProjectMember(project_id=1, user_id=person.id, role=ProjectRole.MEMBER))


@pytest.fixture
def told(app):
    """Lets the relay run; who was told since the last time, as {username: kind}."""
    seen = {"last": 0}

    def read():
        relay(app)
        with app.app_context():
            rows = db.session.execute(
                text(
                    "SELECT n.id, username, kind, in_inbox FROM notifications n"
                    " JOIN users u ON u.id = user_id WHERE n.id > :last ORDER BY n.id"
                ),
                seen,
            ).all()
        seen["last"] = max([row.id for row in rows], default=seen["last"])
        found = {row.username: row.kind for row in rows if row.in_inbox}
        assert len(found) == sum(row.in_inbox for row in rows), "told twice"
        return found

    return read


@pytest.fixture
def mailed(app):
    """The ids of those to whom a mail is owed."""

    def read():
        relay(app)
        return sorted(int(each.target) for each in deliveries(app, channel="email"))

    return read


def test_a_new_task_is_told_to_its_assignee_and_one_without_to_nobody(ada, bob, told):
    ada.create_task(assignee=bob.id)
    assert told() == {"bob": "assigned"}
    ada.create_task()
    assert told() == {}


def test_a_change_is_told_to_whoever_has_the_task_and_whoever_reported_it(
    ada, bob, eve, admin, told
):
    task = ada.create_task(assignee=bob.id)
    told()
    patch(admin, task, title="New")
    assert told() == {"ada": "changed", "bob": "changed"}
    patch(bob, task, status="DONE")
    assert told() == {"ada": "changed"}
    patch(admin, task, assignee=eve.id)
    assert told() == {"ada": "changed", "eve": "assigned"}


def test_a_card_that_only_moved_in_its_column_is_no_news(app, ada, bob, told):
    join(app, ada, bob)
    board = ada.get(f"{API}/boards/?project=1").json["results"][0]["id"]
    task = ada.create_task(board=board, assignee=bob.id, status="TODO")
    other = ada.create_task(board=board, status="TODO")
    told()

    below = {"status": "TODO", "after": other["id"]}
    moved = ada.post(f"{TASKS}{task['id']}/move/", json=below)

    assert moved.status_code == 200, moved.text
    assert moved.json["version"] == task["version"] + 1
    assert told() == {}


def happen(app, task, kind, changes, actor_id=None):
    """What the service records about a task by itself."""
    with app.app_context(), unit_of_work() as session:
        row = session.get_one(Task, task["id"])
        snapshot = as_json(row)
        events.record(
            kind(
                entity_id=row.id,
                actor_id=actor_id,
                streams=streams_of(snapshot),
                changes=changes,
                snapshot=snapshot,
                task_id=row.id,
            )
        )


@pytest.mark.parametrize(
    ("kind", "changes", "with_assignee", "without"),
    [
        (TaskSlaBreached, {"sla_breached": [False, True]}, {"bob": "sla_breached"},
         {"ada": "sla_breached"}),
        (TaskDueSoon, {}, {"bob": "due_soon"}, {}),
        (TaskUpdated, {"sla_breached": [True, False]}, {}, {}),
        (TaskUpdated, {"sla_breached": [False, True], "due_date": [None, "x"]},
         {"ada": "changed", "bob": "sla_breached"}, {"ada": "sla_breached"}),
    ],
)  # fmt: skip
def test_what_time_brings_is_told_to_the_assignee_or_else_the_reporter(
    app, ada, bob, told, kind, changes, with_assignee, without
):
    task = ada.create_task(assignee=bob.id)
    told()
    happen(app, task, kind, changes)
    assert told() == with_assignee
    patch(ada, task, assignee=None)
    happen(app, task, kind, changes)
    assert told() == without


def test_a_comment_is_told_to_all_who_take_part_and_a_mention_is_stronger(
    app, ada, bob, eve, make_person, told
):
    grace, zoe = make_person("grace"), make_person("zoe")
    join(app, ada, bob, eve, grace, zoe)
    board = ada.get(f"{API}/boards/?project=1").json["results"][0]["id"]
    task = ada.create_task(board=board, assignee=bob.id)
    told()

    gone = say(zoe, task, "I was here")
    told()
    zoe.delete(f"{API}/comments/{gone['id']}/")
    say(eve, task, "first")
    assert told() == {"ada": "commented", "bob": "commented"}
    comment = say(grace, task, "second, @bob")
    assert told() == {"ada": "commented", "bob": "mentioned", "eve": "commented"}
    grace.patch(f"{API}/comments/{comment['id']}/", json={"body": "@bob and @ada"})
    assert told() == {"ada": "mentioned"}
    say(ada, task, "third")
    assert told() == {"bob": "commented", "eve": "commented", "grace": "commented"}


def test_who_is_made_a_member_by_somebody_else_is_told(app, ada, bob, told, monkeypatch):
    project = ada.post(f"{API}/projects/", json={"name": "Apollo"}).json["id"]
    assert told() == {}
    ada.post(f"{API}/projects/{project}/members/", json={"user": bob.id})
    assert told() == {"bob": "project_invitation"}


def test_whoever_registers_is_not_told_of_the_project_that_all_join(
    app, make_person, told, monkeypatch
):
    changed = app.config["SETTINGS"].model_copy(update={"JOIN_DEFAULT_PROJECT": True})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    make_person("newcomer", email_own_changes=True)

    assert told() == {}
    assert deliveries(app) == []


def test_nobody_is_told_of_an_own_change_unless_asked_and_then_by_mail_only(
    app, ada, told, mailed, rows_of
):
    task = ada.create_task(assignee=ada.id)
    patch(ada, task, title="Mine")
    assert (told(), mailed(), rows_of("notifications")) == ({}, [], 0)

    ada.patch(f"{API}/auth/users/me/", json={"email_own_changes": True})
    patch(ada, task, title="Still mine")
    assert (told(), mailed(), rows_of("notifications")) == ({}, [ada.id], 1)


@pytest.fixture
def rows_of(app):
    def count(table):
        with app.app_context():
            return db.session.scalar(text(f"SELECT count(*) FROM {table}"))

    return count


def test_who_cannot_be_told_is_owed_nothing(app, ada, bob, eve, told, mailed):
    execute(app, "UPDATE users SET email = NULL WHERE username = 'bob'")
    ada.create_task(assignee=bob.id)
    assert (told(), mailed()) == ({"bob": "assigned"}, [])

    task = ada.create_task()
    patch(ada, task, assignee=eve.id)
    execute(app, "UPDATE users SET is_active = false WHERE username = 'eve'")
    assert (told(), mailed()) == ({}, [])


def test_each_channel_can_be_switched_off_for_each_kind(ada, bob, told, mailed):
    choose(bob, assigned={"email": False}, changed={"inbox": False})
    task = ada.create_task(assignee=bob.id)
    assert (told(), mailed()) == ({"bob": "assigned"}, [])
    patch(ada, task, title="New")
    assert (told(), mailed()) == ({}, [bob.id])
    choose(bob, changed={"email": False, "webhook": False})
    patch(ada, task, title="Newer")
    assert (told(), mailed()) == ({}, [bob.id])


def test_what_is_switched_off_before_the_relay_comes_is_not_owed(ada, bob, told, mailed):
    ada.create_task(assignee=bob.id)
    choose(bob, assigned={"email": False, "inbox": False})

    assert (told(), mailed()) == ({}, [])


def test_the_strongest_kind_wins_in_the_order_of_the_table():
    assert list(KINDS) == list(Kind)
    for weaker, stronger in zip(list(Kind)[1:], Kind, strict=False):
        assert STRENGTH[weaker] < STRENGTH[stronger]
        for order in ((weaker, stronger), (stronger, weaker)):
            assert strongest(*((kind, [1, None]) for kind in order)) == {1: stronger}


def test_a_handler_that_runs_twice_tells_nobody_twice(app, ada, bob, told, rows_of):
    ada.create_task(assignee=bob.id)
    assert told() == {"bob": "assigned"}
    execute(app, "UPDATE events SET position = NULL")

    assert told() == {}
    assert (rows_of("notifications"), rows_of("deliveries")) == (1, 1)


def test_a_relay_that_dies_before_its_commit_has_told_nobody(app, ada, bob, told, monkeypatch):
    ada.create_task(assignee=bob.id)
    monkeypatch.setattr("workers.relay._GIVE_POSITIONS", text("SELECT 1/0"))
    with pytest.raises(Exception, match="division by zero"):
        relay(app)
    monkeypatch.undo()

    assert told() == {"bob": "assigned"}


BULK = """
INSERT INTO events (event_id, type, at, actor_id, entity, entity_id, task_id, changes, snapshot)
SELECT gen_random_uuid(), 'task.created', now(), :actor, 'task', n, n, '{}',
       jsonb_build_object('id', n, 'status', 'TODO', 'assignee', CAST(:assignee AS bigint),
                          'reporter', CAST(:actor AS bigint))
FROM generate_series(1, :number) AS n
"""


def test_an_import_of_ones_own_tasks_owes_nothing_and_asks_little(app, ada, rows_of):
    execute(app, BULK, actor=ada.id, assignee=ada.id, number=1200)
    with app.app_context(), recorded(db.engine) as queries:
        relay(app)

    assert (rows_of("notifications"), rows_of("deliveries")) == (0, 0)
    asked = [each for each, _ in queries.statements if "notification_preferences" in each]
    assert len(asked) <= 1200 / 500 + 1


def test_an_import_for_somebody_asks_for_the_wishes_once_a_batch(app, ada, bob, rows_of):
    choose(bob, assigned={"email": False})
    relay(app)
    execute(app, BULK, actor=ada.id, assignee=bob.id, number=600)
    with app.app_context(), recorded(db.engine) as queries:
        relay(app)

    assert (rows_of("notifications"), rows_of("deliveries")) == (600, 0)
    assert sum("notification_preferences" in each for each, _ in queries.statements) == 2


def test_what_cannot_be_switched_off_has_no_channel():
    for told in KINDS.values():
        assert set(told.channels) <= set(Channel)
        assert told.label
        assert told.description.endswith(".")
    assert {kind for kind, told in KINDS.items() if not told.channels} == {
        Kind.TEST,
        Kind.WEBHOOK_DISABLED,
    }
    assert KINDS[Kind.DAILY_SUMMARY].channels == (Channel.EMAIL,)


def test_an_old_event_takes_its_notifications_along(app, ada, bob, told, rows_of):
    ada.create_task(assignee=bob.id)
    told()
    execute(app, "DELETE FROM deliveries")
    execute(app, "DELETE FROM stream_entries")
    execute(app, "DELETE FROM events")

    assert rows_of("notifications") == 0


def test_an_administrator_is_told_like_anybody(ada, make_person, told):
    root = make_person("root", role=Role.ADMIN)
    ada.create_task(assignee=root.id)

    assert told() == {"root": "assigned"}
