"""The bare WebSocket at /ws/tasks/: what it tells, to whom, and how to resume."""

import pytest
from sqlalchemy import delete, text

from app.core.db import unit_of_work
from app.extensions import db
from app.projects.models import ProjectMember
from embedded.ports import free_port
from tests.realtime.conftest import Raw, serving, wait_until
from tests.realtime.test_abuse import repeat_last_event
from tests.realtime.test_feed import FIELDS, REMOVAL
from tests.realtime.test_projects import Project

pytestmark = pytest.mark.xdist_group("realtime")

TASKS = "/api/v1/tasks/"
RAW = "/ws/tasks/"


def test_each_change_of_a_task_is_pushed_as_one_json_text(listen_raw, ada, bob, eve):
    hers, his, others = listen_raw(ada), listen_raw(bob), listen_raw(eve)

    task = ada.create_task(title="Paint", assignee=bob.id, due_date="2026-03-31", priority="HIGH")
    created = hers.hear()
    ada.patch(f"{TASKS}{task['id']}/", json={"status": "IN_PROGRESS"})
    updated = hers.hear()
    ada.delete(f"{TASKS}{task['id']}/")
    deleted = hers.hear()

    assert set(created) == FIELDS
    assert (created["task_id"], created["title"]) == (task["id"], "Paint")
    assert (created["priority"], created["assigned_to"]) == ("HIGH", bob.id)
    assert created["due_date"] == task["due_date"]
    assert (created["action"], created["stream"]) == ("created", f"user:{ada.id}")
    assert (updated["action"], updated["status"]) == ("updated", "IN_PROGRESS")
    assert (deleted["action"], set(deleted)) == ("deleted", REMOVAL)
    assert [updated["seq"], deleted["seq"]] == [created["seq"] + 1, created["seq"] + 2]
    assert [his.hear()["action"] for _ in range(3)] == ["created", "updated", "deleted"]
    assert others.hears_nothing()


def test_both_kinds_of_socket_hear_the_same_of_each_change_exactly_once(
    listen, listen_raw, ada, bob, admin
):
    project = Project(ada, bob)
    people = [(listen(person), listen_raw(person)) for person in (ada, bob, admin)]

    task = ada.create_task(board=project.board)
    for title in ("one", "two", "three"):
        ada.patch(f"{TASKS}{task['id']}/", json={"title": title})

    for socketio_client, raw in people:
        heard = [raw.hear() for _ in range(4)]
        wait_until(lambda: len(socketio_client.messages(task)) >= 4, 5)  # noqa: B023 - waits here
        assert heard == socketio_client.messages(task)
        assert len({message["event_id"] for message in heard}) == 4
        assert raw.hears_nothing(0.2)


def test_a_token_opens_it_in_each_place(server, relay, ada):
    places = [
        server.connect(f"{RAW}?token={ada.access}"),
        server.connect("/ws/tasks", header=[f"Authorization: Bearer {ada.access}"]),
        server.connect(RAW, header=[f"Authorization: Token {ada.access}"]),
        server.connect(RAW, subprotocols=["bearer", ada.access]),
        server.connect(RAW),
    ]
    assert [bare.getsubprotocol() for bare in places] == [None, None, None, "bearer", None]
    Raw(places[4]).say(token=ada.access)
    assert Raw(places[4]).hear() == {"connected": f"user:{ada.id}"}
    assert Raw(places[4]).ask(subscribe=f"user:{ada.id}")["subscribed"] == f"user:{ada.id}"

    task = ada.create_task()

    for bare in places:
        # Who has subscribed hears of the account as well, whose registration may come only now.
        while (message := Raw(bare).hear()).get("task_id") is None:
            assert message["action"] == "registered"
        assert message["task_id"] == task["id"]


def test_nothing_is_said_to_who_has_not_signed_in(server, relay, ada):
    stranger = Raw(server.connect(RAW))
    ada.create_task()
    assert stranger.hears_nothing()


def test_only_tasks_are_told_of_until_a_client_subscribes(listen_raw, ada, bob):
    project = Project(ada, bob)
    task = ada.create_task(board=project.board)
    comments = f"{TASKS}{task['id']}/comments/"
    plain, subscribed = listen_raw(bob), listen_raw(bob)
    head = subscribed.ask(subscribe=project.stream)["head"]

    ada.post(comments, json={"body": "Mind the wet paint"})
    ada.patch(f"{TASKS}{task['id']}/", json={"title": "Dry"})

    heard = plain.hear()
    while heard["seq"] <= head:
        heard = plain.hear()
    assert heard["title"] == "Dry"
    heard = subscribed.hear()
    while heard["seq"] <= head:
        heard = subscribed.hear()
    assert (heard["body"], heard["seq"]) == ("Mind the wet paint", head + 1)
    assert subscribed.hear()["title"] == "Dry"


def test_who_was_away_resumes_with_what_was_missed_in_order(listen_raw, ada):
    stream = f"user:{ada.id}"
    first = listen_raw(ada)
    ada.create_task(title="heard")
    known = first.hear()["seq"]
    first.bare.shutdown()
    missed = [ada.create_task(title=f"missed {n}") for n in range(30)]
    again = listen_raw(ada)
    wait_until(lambda: again.ask(subscribe=stream)["head"] == known + 30, 2)

    answer = again.ask(subscribe=stream, last_seq=known)

    assert answer == {
        "subscribed": stream, "stream": stream, "head": known + 30, "resync_required": False,
    }  # fmt: skip
    heard = []
    while len(heard) < 30:
        message = again.hear()
        heard.append((message["seq"], message["task_id"]))
    assert heard == [(known + 1 + n, task["id"]) for n, task in enumerate(missed)]
    ada.create_task(title="now")
    assert again.hear()["seq"] == known + 31


def test_who_is_too_far_behind_has_to_read_anew(app, listen_raw, ada):
    ada.create_task()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE streams SET last_seq = 600 WHERE kind = 'user'"))
    stream = f"user:{ada.id}"

    for last_seq in (0, 99, 601):
        answer = listen_raw(ada).ask(subscribe=stream, last_seq=last_seq)
        assert (answer["head"], answer["resync_required"]) == (600, True)


def test_several_long_replays_at_once_are_all_sent(app, listen_raw, ada):
    ada.create_task(description="x" * 3_000)
    repeat_last_event(app, 400)
    hers, stream = listen_raw(ada), f"user:{ada.id}"
    head = hers.ask(subscribe=stream)["head"]

    for _ in range(5):
        hers.say(subscribe=stream, last_seq=head - 400)

    for _ in range(5):
        assert hers.hear()["subscribed"] == stream
        assert [hers.hear()["seq"] for _ in range(400)] == list(range(head - 399, head + 1))


@pytest.mark.parametrize("stream", ["user:{ada}", "user:999", "admin:0", "project:{project}"])
def test_a_foreign_stream_is_refused_and_the_connection_stays(listen_raw, ada, bob, stream):
    project = Project(ada)
    his = listen_raw(bob)

    named = stream.format(ada=ada.id, project=project.id)
    answer = his.ask(subscribe=named, last_seq=0)

    assert list(answer) == ["error", "code", "subscription"]
    assert (answer["code"], answer["subscription"]) == ("not-found", named)
    assert '"user:<your id>"' in answer["error"]
    ada.create_task(board=project.board)
    task = bob.create_task()
    assert his.hear()["task_id"] == task["id"]
    assert his.hears_nothing(0.2)


def test_an_administrator_reads_any_stream_and_hears_of_each_event_once(listen_raw, ada, admin):
    theirs = listen_raw(admin)
    stream = f"user:{ada.id}"
    first = ada.create_task()
    assert theirs.hear()["task_id"] == first["id"]

    assert theirs.ask(subscribe=stream, last_seq=0)["head"] > 0
    while theirs.hear().get("task_id") != first["id"]:
        pass
    second = ada.create_task()

    heard = theirs.hear()
    assert (heard["task_id"], heard["stream"]) == (second["id"], stream)
    assert theirs.hears_nothing(0.2)


def test_who_is_removed_from_a_project_hears_nothing_more_of_it(listen_raw, ada, bob):
    project = Project(ada, bob)
    his = listen_raw(bob)
    his.ask(subscribe=project.stream)
    project.remove(bob)
    ada.create_task(title="secret", board=project.board)
    own = bob.create_task(title="his own")

    heard = [his.hear()]
    while heard[-1].get("task_id") != own["id"]:
        heard.append(his.hear())
    assert "secret" not in str(heard)
    assert "error" in his.ask(subscribe=project.stream, last_seq=0)


def test_a_membership_that_vanished_without_an_event_is_noticed(app, listen_raw, ada, bob):
    project = Project(ada, bob)
    his = listen_raw(bob)
    with app.app_context(), unit_of_work() as session:
        session.execute(delete(ProjectMember).where(ProjectMember.user_id == bob.id))

    def is_deaf():
        ada.create_task(title="secret", board=project.board)
        own = bob.create_task()
        heard = [his.hear()]
        while heard[-1].get("task_id") != own["id"]:
            heard.append(his.hear())
        return "secret" not in str(heard)

    wait_until(is_deaf, 10)


def test_nothing_is_lost_while_the_database_is_away(settings, listen_raw, ada):
    hers = listen_raw(ada)
    with ada.client.application.app_context():
        db.engine.dispose()
        pid = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        with db.engine.begin() as connection:
            connection.execute(
                text(f"{pid} AND pid <> pg_backend_pid() AND application_name = 'task-service'"),
                {"name": settings.DATABASE_URL.rpartition("/")[2]},
            )
    task = ada.create_task()

    assert hers.hear()["task_id"] == task["id"]
    assert hers.ask(subscribe=f"user:{ada.id}")["resync_required"] is False


@pytest.mark.parametrize("way", ["without Redis", "with threads"])
def test_it_works_as_well(settings, tmp_path, relay, ada, bob, way):
    changed = {"WEB_WORKER_CLASS": "gthread", "GUNICORN_CMD_ARGS": "--threads=8"}
    if way == "without Redis":
        changed = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    with serving(settings, tmp_path / "log", **changed) as server:
        hers = Raw(server.connect(RAW, subprotocols=["bearer", ada.access]))
        his = Raw(server.connect(RAW))
        his.say(token=bob.access)
        assert his.hear() == {"connected": f"user:{bob.id}"}
        his.ask(subscribe=f"user:{bob.id}")
        task = ada.create_task(assignee=bob.id)

        assert hers.hear()["task_id"] == his.hear()["task_id"] == task["id"]
        his.say(token="again")
        assert "HTTP" in his.hear()["error"]
        hers.bare.close()
        late = Raw(server.connect(RAW))
        late.say(token="bad")
        assert late.hear()["code"] == "unauthenticated"
        assert late.close_code() == 4401
