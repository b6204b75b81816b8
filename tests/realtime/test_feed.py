import pytest
from sqlalchemy import text

from app.core.db import unit_of_work
from app.core.events import StreamName
from app.extensions import db
from app.projects.models import ProjectMember, ProjectRole
from app.realtime.entries import sees_content
from app.realtime.queries import entries_after
from app.tasks.jobs import check_sla
from tests.realtime.conftest import PATIENCE, POSITION, refused, wait_until

pytestmark = pytest.mark.xdist_group("realtime")

TASKS = "/api/v1/tasks/"
FIELDS = {
    "task_id", "title", "description", "priority", "status", "project", "board", "position",
    "due_date", "due_date_only", "estimated_hours", "sla_breached", "assigned_to", "created_by",
    "created_at", "updated_at", "completed_at", "comments_count", "comments_version", "version",
    "action", "stream", "seq", "event_id",
}  # fmt: skip
REMOVAL = {"task_id", "action", "stream", "seq", "event_id"}


@pytest.mark.parametrize("transports", [None, ["websocket"], ["polling"]])
def test_each_change_arrives_within_a_second(listen, ada, bob, eve, transports):
    hers, his, others = listen(ada, transports=transports), listen(bob), listen(eve)

    task = ada.create_task(title="Paint", assignee=bob.id, due_date="2026-03-31", priority="URGENT")
    path = f"{TASKS}{task['id']}/"
    wait_until(lambda: hers.names() == ["task.created"], 1)
    ada.patch(path, json={"status": "REVIEW"})
    wait_until(lambda: hers.names()[1:] == ["task.updated"], 1)
    ada.delete(path)
    wait_until(lambda: hers.names()[2:] == ["task.deleted"], 1)
    ada.post(f"{path}restore/")
    wait_until(lambda: hers.names()[3:] == ["task.created"], 1)

    created, updated, deleted, restored = hers.messages()
    assert set(created) == FIELDS
    assert created["stream"] == f"user:{ada.id}"
    assert (created["title"], created["priority"]) == ("Paint", "CRITICAL")
    assert (created["due_date"], created["due_date_only"]) == (task["due_date"], True)
    assert created["assigned_to"] == bob.id
    assert (updated["action"], updated["status"]) == ("updated", "REVIEW")
    assert set(deleted) == REMOVAL
    assert (restored["action"], restored["status"]) == ("created", "REVIEW")
    assert [m["seq"] for m in hers.messages()] == list(range(created["seq"], created["seq"] + 4))
    wait_until(lambda: len(his.messages()) == 4, 1)
    assert {m["stream"] for m in his.messages()} == {f"user:{bob.id}"}
    assert others.messages() == []


def test_who_loses_a_task_is_told_so_and_nothing_of_its_content(listen, ada, bob, eve):
    task = ada.create_task(title="Before", assignee=bob.id)
    hers, his, newcomer = listen(ada), listen(bob), listen(eve)

    ada.patch(f"{TASKS}{task['id']}/", json={"assignee": eve.id, "title": "Secret"})

    wait_until(lambda: hers.messages(task) and his.messages(task) and newcomer.messages(task), 1)
    assert his.names()[-1] == "task.deleted"
    assert set(his.messages(task)[-1]) == REMOVAL
    assert "Secret" not in str(his.heard)
    assert newcomer.names()[-1] == "task.updated"
    assert newcomer.messages(task)[-1]["title"] == "Secret"
    assert hers.messages(task)[-1]["assigned_to"] == eve.id


def test_an_administrator_hears_of_every_task_exactly_once(listen, ada, bob, admin):
    theirs = listen(admin)
    tasks = [
        ada.create_task(assignee=bob.id),
        ada.create_task(),
        admin.create_task(assignee=bob.id),
        ada.create_task(assignee=admin.id),
    ]
    wait_until(lambda: len(theirs.messages()) >= 4, 1)
    # An administrator sees what is taken away from them all the same.
    ada.patch(f"{TASKS}{tasks[3]['id']}/", json={"assignee": None})
    wait_until(lambda: len(theirs.messages()) >= 5, 1)

    assert [m["task_id"] for m in theirs.messages()] == [
        *(task["id"] for task in tasks), tasks[3]["id"],
    ]  # fmt: skip
    assert theirs.messages()[-1]["action"] == "updated"
    own = [m["stream"] for m in theirs.messages()]
    assert own[2:] == [f"user:{admin.id}"] * 3


def test_subscribe_replays_what_was_missed(listen, ada, bob):
    tasks = [ada.create_task(title=f"Task {n}") for n in range(3)]
    hers = listen(ada, transports=None)
    head = hers.ask(stream=f"user:{ada.id}")["head"]

    answer = hers.ask(stream=f"user:{ada.id}", last_seq=head - 2)

    stream = f"user:{ada.id}"
    assert answer == {"head": head, "resync_required": False, "stream": stream}
    missed = dict(zip([head - 1, head], [task["id"] for task in tasks[1:]], strict=True))
    wait_until(lambda: {m["seq"]: m["task_id"] for m in hers.messages()} == missed, 1)
    again = hers.ask(stream=f"user:{ada.id}", last_seq=head)
    assert again == answer


def test_a_replay_shows_nothing_of_what_one_may_no_longer_see(listen, ada, bob):
    task = ada.create_task(title="Secret", assignee=bob.id)
    ada.patch(f"{TASKS}{task['id']}/", json={"assignee": None})
    gone = ada.create_task(title="Secret as well", assignee=bob.id)
    ada.delete(f"{TASKS}{gone['id']}/")

    his = listen(bob)
    his.ask(stream=f"user:{bob.id}", last_seq=0)

    # What gets its position between connecting and asking comes twice, under the same seq.
    wait_until(lambda: len({m["seq"] for m in his.messages()}) == 4, 1)
    assert set(his.names()) == {"task.deleted"}
    assert "Secret" not in str(his.heard)


def test_who_is_too_far_behind_has_to_read_anew(app, listen, ada):
    ada.create_task()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE streams SET last_seq = 600 WHERE kind = 'user'"))
    hers = listen(ada)

    for last_seq in (0, 99, 601):
        answer = hers.ask(stream=f"user:{ada.id}", last_seq=last_seq)
        assert (answer["head"], answer["resync_required"]) == (600, True)
    assert hers.ask(stream=f"user:{ada.id}", last_seq=600)["resync_required"] is False


def test_foreign_streams_are_not_found_except_by_administrators(listen, ada, bob, admin):
    ada.create_task()
    his, theirs = listen(bob), listen(admin)

    for stream in (f"user:{ada.id}", "user:999", "admin:0", "project:1"):
        assert his.ask(stream=stream, last_seq=0) == refused("not-found", subscription=stream)
    assert theirs.ask(stream=f"user:{ada.id}", last_seq=0)["head"] > 0
    unknown = theirs.ask(stream="user:999", last_seq=0)
    assert unknown == refused("not-found", subscription="user:999")
    wait_until(theirs.messages, 1)
    assert his.messages() == []


@pytest.mark.parametrize(
    "payload",
    [
        (), (None,), ("user:1",), ({},), ({"stream": 5},), ({"stream": "user:"},),
        ({"stream": "user:²"},), ({"stream": f"user:{'9' * 30}"},), ({"stream": "a" * 99 + ":1"},),
        ({"stream": "user:1", "last_seq": "0"},), ({"stream": "user:1", "last_seq": -1},),
        ({"stream": "user:1", "last_seq": 2**63},), ({"stream": "user:1", "last_seq": True},),
        ({"stream": "user:1", "last_seq": 1.5},), ({"stream": {}}, 1),
    ],
)  # fmt: skip
def test_a_bad_subscription_is_answered_with_an_error(listen, ada, payload):
    hers = listen(ada)

    answer = hers.client.call("subscribe", payload, timeout=PATIENCE)
    named = payload[0].get("stream") if len(payload) == 1 and isinstance(payload[0], dict) else None
    subscription = {"subscription": named} if isinstance(named, str) and len(named) < 100 else {}
    assert answer == refused("bad-request", **subscription)
    assert hers.ask(stream=f"user:{ada.id}")["resync_required"] is False


def test_nothing_is_lost_while_the_database_is_away(request, settings, listen, ada):
    hers = listen(ada)
    ada.create_task()
    wait_until(lambda: len(hers.messages()) == 1, 1)
    name = settings.DATABASE_URL.rpartition("/")[2]
    with ada.client.application.app_context():
        db.engine.dispose()
        pid = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        with db.engine.begin() as connection:
            connection.execute(
                text(f"{pid} AND pid <> pg_backend_pid() AND application_name = 'task-service'"),
                {"name": name},
            )
    second = ada.create_task()

    wait_until(lambda: hers.messages(second), 3)
    assert len(hers.messages()) == 2


def test_a_breach_of_the_sla_arrives_as_an_update(app, listen, ada):
    hers = listen(ada)
    task = ada.create_task(due_date="2999-01-01")
    wait_until(lambda: hers.names() == ["task.created"], 2)
    with app.app_context():
        with unit_of_work() as session:
            session.execute(text("UPDATE tasks SET due_at = now() - interval '1 minute'"))
        check_sla()

    wait_until(lambda: hers.names()[1:] == ["task.updated"], 2)
    assert hers.messages(task)[1]["version"] == 2
    ada.patch(f"{TASKS}{task['id']}/", json={"title": "The feed goes on"})
    wait_until(lambda: hers.names()[1:] == ["task.updated"] * 2, 2)


def test_a_task_is_shown_to_the_stream_of_the_project_that_it_is_in_now(app, ada):
    project, hers = StreamName.of_project(1), StreamName.of_user(ada.id)
    with app.app_context(), unit_of_work() as session:
        session.add(ProjectMember(project_id=1, user_id=ada.id, role=ProjectRole.MEMBER))
    task = ada.create_task()

    def shown():
        """Which of the streams may see the content of the events so far, oldest first."""
        with app.app_context():
            with unit_of_work() as session:
                session.execute(POSITION)
            entries = [e for e in entries_after(db.session(), 0) if e.record.task_id]
            return [[sees_content(e, project), sees_content(e, hers)] for e in entries]

    assert shown() == [[False, True]]
    ada.patch(f"{TASKS}{task['id']}/", json={"board": 1})
    assert shown() == [[False, False], [True, False]]
    ada.patch(f"{TASKS}{task['id']}/", json={"board": None})
    assert shown() == [[False, True], [False, False], [False, True]]
