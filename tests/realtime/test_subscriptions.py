"""What a board, a task and "mine" tell, to whom, and that nothing is said twice or out of order."""

import time

import pytest
from sqlalchemy import create_engine, delete, text

from app.config.parsing import DATABASE_DRIVER
from app.core.db import unit_of_work
from app.core.errors import BadRequest, NotFound
from app.extensions import db
from app.projects.models import ProjectMember
from app.realtime.beacon import BEACON_SECONDS, Beacon
from app.realtime.errors import TooManySubscriptions
from app.realtime.switchboard import MAX_SUBSCRIPTIONS
from embedded.ports import free_port
from tests.realtime.desk import Desk
from tests.realtime.test_projects import Project

TASKS = "/api/v1/tasks/"
REMOVAL = {"task_id", "action", "stream", "seq", "event_id"}


@pytest.fixture
def desk(app):
    return Desk(app)


def move(person, task, **where):
    assert person.post(f"{TASKS}{task['id']}/move/", json=where).status_code == 200


def rename(person, task, title):
    assert person.patch(f"{TASKS}{task['id']}/", json={"title": title}).status_code == 200


def comment(person, task, body="Mind the paint"):
    answer = person.post(f"{TASKS}{task['id']}/comments/", json={"body": body})
    assert answer.status_code == 201


def second_board(person, project):
    return person.post("/api/v1/boards/", json={"project": project.id, "name": "Two"}).json["id"]


def places(heard):
    return [(message["stream"], message["seq"]) for _, message in heard if "seq" in message]


def test_a_board_tells_of_itself_and_of_what_is_on_it(desk, ada, bob):
    project = Project(ada, bob)
    other = second_board(ada, project)
    his = desk.connect(bob)
    answer = his.follow(f"board:{project.board}")
    assert answer == {
        "subscribed": f"board:{project.board}",
        "stream": project.stream,
        "head": answer["head"],
        "resync_required": False,
    }

    task, elsewhere = ada.create_task(board=project.board), ada.create_task(board=other)
    comment(ada, task)
    comment(ada, elsewhere)
    ada.patch(f"/api/v1/boards/{project.board}/", json={"name": "Renamed"})
    ada.patch(f"/api/v1/boards/{other}/", json={"name": "As well"})
    ada.patch(project.path, json={"name": "Gemini"})
    bob.create_task(title="his own")

    heard = his.hear()
    assert [name for name, _ in heard] == ["task.created", "comment.created", "board.updated"]
    head = answer["head"]
    assert places(heard) == [(project.stream, head + n) for n in (1, 3, 5)]


def test_a_task_that_leaves_a_board_is_an_update_where_it_can_still_be_seen(desk, ada, bob, eve):
    project, there = Project(ada, bob), Project(ada, bob)
    other = second_board(ada, project)
    task = ada.create_task(board=project.board)
    his, target = desk.connect(bob), desk.connect(bob)
    his.follow(f"board:{project.board}")
    target.follow(f"board:{other}")

    move(ada, task, board=other)

    ((name, left),) = his.hear()
    assert (name, left["board"]) == ("task.updated", other)
    assert target.hear() == [("task.updated", left)]
    rename(ada, task, "elsewhere now")
    assert his.hear() == []
    assert target.heard_names() == ["task.updated"]
    move(ada, task, board=there.board)
    ((name, gone),) = target.hear()
    assert (name, set(gone)) == ("task.deleted", REMOVAL)


def test_a_task_is_followed_from_project_to_project_as_far_as_one_sees_it(desk, ada, bob):
    here, there, hidden = Project(ada, bob), Project(ada, bob), Project(ada)
    task, other = ada.create_task(board=here.board), ada.create_task(board=here.board)
    his = desk.connect(bob)
    answer = his.follow(f"task:{task['id']}")
    assert (answer["stream"], answer["resync_required"]) == (here.stream, False)

    rename(ada, task, "new")
    rename(ada, other, "not asked for")
    comment(ada, task)
    assert his.heard_names() == ["task.updated", "comment.created"]
    move(ada, task, board=there.board)
    (name, gone), (_, came) = his.hear()
    assert (name, gone["stream"]) == ("task.deleted", here.stream)
    assert (came["project"], came["stream"]) == (there.id, there.stream)
    move(ada, task, board=hidden.board)
    rename(ada, task, "secret")
    heard = his.hear()
    assert [name for name, _ in heard] == ["task.deleted"]
    assert "secret" not in str(heard)
    with pytest.raises(NotFound):
        his.follow(f"task:{task['id']}")


def test_a_task_that_comes_back_from_the_bin_is_heard(desk, ada):
    task = ada.create_task()
    hers = desk.connect(ada)
    assert hers.follow(f"task:{task['id']}")["stream"] == f"user:{ada.id}"

    ada.delete(f"{TASKS}{task['id']}/")
    ada.post(f"{TASKS}{task['id']}/restore/")

    # Sent late, the deletion is all that can be said of either; the last word is the task.
    assert hers.heard_names() == ["task.deleted", "task.created"]


def test_mine_is_what_one_reported_or_is_assigned_to_wherever_it_is(desk, ada, bob):
    project = Project(ada, bob)
    others = ada.create_task(board=project.board)
    his = desk.connect(bob)
    answer = his.follow("mine")
    assert set(answer) == {"subscribed", "heads", "resync_required"}
    assert set(answer["heads"]) == {f"user:{bob.id}", project.stream}

    reported = bob.create_task(board=project.board)
    ada.patch(f"{TASKS}{others['id']}/", json={"assignee": bob.id})
    outside = ada.create_task(assignee=bob.id)
    ada.patch(f"{TASKS}{others['id']}/", json={"assignee": None})
    comment(ada, reported)
    rename(ada, others, "no longer his")
    ada.create_task(board=project.board)

    heard = his.hear()
    assert [message["task_id"] for _, message in heard] == [
        reported["id"], others["id"], outside["id"], others["id"], reported["id"],
    ]  # fmt: skip
    assert heard[3][1]["assigned_to"] is None
    later = Project(ada, bob)
    his.hear()
    joined = bob.create_task(board=later.board)
    ((_, message),) = his.hear()
    assert (message["task_id"], message["stream"]) == (joined["id"], later.stream)


def test_mine_resumes_from_a_place_in_each_stream(desk, app, ada, bob):
    project = Project(ada, bob)
    first = desk.connect(bob)
    known = first.follow("mine")["heads"]
    tasks = [
        bob.create_task(board=project.board), ada.create_task(assignee=bob.id),
        bob.create_task(board=project.board),
    ]  # fmt: skip
    ada.create_task(board=project.board)

    again = desk.connect(bob)
    answer = again.follow("mine", known)

    assert not answer["resync_required"]
    heard = again.hear()
    assert [message["task_id"] for _, message in heard] == [task["id"] for task in tasks]
    assert answer["heads"][project.stream] == known[project.stream] + 3
    # A stream that one does not read (any more) is left out; of one not named nothing is replayed.
    partly = desk.connect(bob)
    answer = partly.follow("mine", {f"user:{bob.id}": known[f"user:{bob.id}"], "project:999": 1})
    assert "project:999" not in answer["heads"]
    assert [message["task_id"] for _, message in partly.hear()] == [tasks[1]["id"]]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE streams SET last_seq = last_seq + 300"))
    assert desk.connect(bob).follow("mine", known)["resync_required"]


@pytest.mark.parametrize(
    "last_seq", [5, "5", [5], {"user:1": "5"}, {"user:1": -1}, {"user": 1}, {"user:1": None}]
)
def test_mine_wants_a_place_by_stream(desk, ada, last_seq):
    with pytest.raises(BadRequest, match="object"):
        desk.connect(ada).follow("mine", last_seq)


def test_each_event_comes_once_for_each_stream_whatever_one_subscribes_to(desk, ada, bob):
    project = Project(ada, bob)
    task = bob.create_task(board=project.board)
    everything, plain = desk.connect(bob, follow="all"), desk.connect(bob, follow="all")
    for stream in ("mine", f"board:{project.board}", f"task:{task['id']}", project.stream):
        everything.follow(stream)
    everything.follow(f"user:{bob.id}")
    everything.follow(project.stream)

    rename(ada, task, "once")
    comment(ada, task)
    ada.create_task(board=project.board, assignee=bob.id)
    ada.create_task(assignee=bob.id)
    ada.patch(project.path, json={"name": "Gemini"})

    heard = everything.hear()
    assert heard == plain.hear()
    assert len(heard) == len(set(places(heard))) == 5
    in_project = [seq for stream, seq in places(heard) if stream == project.stream]
    assert in_project == sorted(in_project)


def test_a_replay_leaves_out_what_another_subscription_has_told(desk, ada, bob):
    project = Project(ada, bob)
    his = desk.connect(bob)
    head = his.follow(project.stream)["head"]
    task = ada.create_task(board=project.board)
    rename(ada, task, "told")
    assert len(his.hear()) == 2

    his.follow(f"board:{project.board}", head)
    his.follow(f"task:{task['id']}", head)
    assert his.hear() == []
    # All of a stream always comes without a gap.
    his.follow(project.stream, head)
    assert places(his.hear()) == [(project.stream, head + 1), (project.stream, head + 2)]


def test_a_replay_of_a_board_is_of_that_board_and_shows_what_one_may_still_see(desk, ada, bob):
    project, hidden = Project(ada, bob), Project(ada)
    other = second_board(ada, project)
    first = desk.connect(bob)
    head = first.follow(f"board:{project.board}")["head"]
    stays, leaves = ada.create_task(board=project.board), ada.create_task(board=project.board)
    ada.create_task(board=other)
    rename(ada, leaves, "secret")
    move(ada, leaves, board=hidden.board)

    again = desk.connect(bob)
    answer = again.follow(f"board:{project.board}", head)

    heard = again.hear()
    assert answer["head"] == head + 5
    assert [(m["seq"] - head, m["action"]) for _, m in heard] == [
        (1, "created"), (2, "deleted"), (4, "deleted"), (5, "deleted"),
    ]  # fmt: skip
    assert heard[0][1]["task_id"] == stays["id"]
    assert "secret" not in str(heard)


def test_live_messages_wait_for_the_answer_and_for_the_replay(desk, ada):
    hers = desk.connect(ada)
    stream = f"user:{ada.id}"
    head = hers.follow(stream)["head"]
    hers.ask("unsubscribe", stream=stream)
    ada.create_task(title="missed")
    desk.advance()

    answer = hers.ask_held("subscribe", stream=stream, last_seq=head)
    ada.create_task(title="live")
    assert hers.hear() == []
    desk.switchboard.release(hers.connection)

    assert answer["head"] == head + 1
    heard = hers.hear()
    assert [message["title"] for _, message in heard] == ["missed", "live"]
    assert places(heard) == [(stream, head + 1), (stream, head + 2)]


def test_what_the_relay_has_not_seen_is_told_once_when_it_has(desk, ada):
    stream = f"user:{ada.id}"
    hers = desk.connect(ada)
    head = hers.follow(stream)["head"]
    ada.create_task()

    again = hers.follow(stream, head)

    assert (again["head"], again["resync_required"]) == (head, False)
    assert places(hers.hear()) == [(stream, head + 1)]


def test_who_was_told_more_by_another_process_is_not_told_it_again(desk, ada):
    stream = f"user:{ada.id}"
    hers = desk.connect(ada)
    head = hers.follow(stream)["head"]
    for _ in range(3):
        ada.create_task()

    ahead = hers.follow(stream, head + 2)

    assert (ahead["head"], ahead["resync_required"]) == (head, False)
    assert places(hers.hear()) == [(stream, head + 3)]
    assert hers.follow(stream, head + 4)["resync_required"]


def test_follow_none_hears_only_what_it_subscribes_to_and_until_it_does_not(desk, ada):
    silent, all_ = desk.connect(ada), desk.connect(ada, follow="all")
    ada.create_task()
    assert silent.hear() == []
    assert all_.heard_names() == ["task.created"]
    stream = f"user:{ada.id}"
    silent.follow(stream)
    ada.create_task()
    assert silent.heard_names() == ["task.created"]
    for _ in range(2):
        assert silent.ask("unsubscribe", stream=stream) == {"unsubscribed": stream}
    ada.create_task()
    assert silent.hear() == []


def test_who_loses_the_membership_is_shut_out_at_once_and_told(desk, ada, bob):
    project = Project(ada, bob)
    task = bob.create_task(board=project.board)
    names = [project.stream, f"board:{project.board}", f"task:{task['id']}"]
    his, legacy = desk.connect(bob), desk.connect(bob, follow="all")
    for name in [*names, "mine"]:
        his.follow(name)

    rename(ada, task, "before")
    project.remove(bob)
    rename(ada, task, "secret")

    heard = his.hear()
    assert heard[0][1]["task_id"] == task["id"]
    assert [message["unsubscribed"] for name, message in heard if name == "unsubscribed"] == names
    assert "secret" not in str(heard) + str(legacy.hear())
    for name in names:
        with pytest.raises(NotFound, match='"board:<id>"'):
            his.follow(name)
    project.add(bob)
    ada.create_task(board=project.board)
    assert "task.created" not in his.heard_names()


def test_who_loses_the_membership_while_being_answered_hears_nothing_of_after(desk, ada, bob):
    project = Project(ada, bob)
    his = desk.connect(bob)
    his.ask_held("subscribe", stream=f"board:{project.board}")
    project.remove(bob)
    ada.create_task(title="secret", board=project.board)
    desk.advance()
    desk.switchboard.release(his.connection)

    assert his.heard_names() == ["unsubscribed"]


def test_a_membership_that_vanished_without_an_event_ends_the_subscription(
    desk, app, ada, bob, monkeypatch
):
    project = Project(ada, bob)
    his = desk.connect(bob)
    his.follow(f"board:{project.board}")
    with app.app_context(), unit_of_work() as session:
        session.execute(delete(ProjectMember).where(ProjectMember.user_id == bob.id))
    monkeypatch.setattr("app.realtime.recheck.RECHECK_SECONDS", 0)

    assert his.hear() == [], "an event might still be on its way"
    assert his.heard_names() == ["unsubscribed"]
    ada.create_task(title="secret", board=project.board)
    assert his.hear() == []


def test_the_end_of_a_project_is_told_and_ends_what_was_subscribed_to(desk, ada, bob):
    project = Project(ada, bob)
    his = desk.connect(bob)
    his.follow(project.stream)
    his.follow(f"board:{project.board}")

    assert ada.delete(project.path).status_code == 204

    assert his.heard_names() == ["project.deleted", "unsubscribed", "unsubscribed"]


@pytest.mark.parametrize("name", ["board:{board}", "task:{task}", "board:999", "task:999"])
def test_what_one_does_not_see_cannot_be_subscribed_to(desk, ada, bob, name):
    project = Project(ada)
    task = ada.create_task(board=project.board)
    his = desk.connect(bob)

    with pytest.raises(NotFound, match='"task:<id>"'):
        his.follow(name.format(board=project.board, task=task["id"]), 0)

    rename(ada, task, "secret")
    assert his.hear() == []


@pytest.mark.parametrize("name", ["", "own", "board:", "task:x", "board", None, 5])
def test_a_name_that_is_none_is_refused_with_what_there_is(desk, ada, name):
    for asked in ("subscribe", "unsubscribe"):
        with pytest.raises(BadRequest, match='"mine"'):
            desk.connect(ada).ask(asked, stream=name)


def test_a_connection_has_a_bounded_number_of_subscriptions(desk, ada, admin):
    project = Project(ada)
    theirs = desk.connect(admin)
    for user_id in range(MAX_SUBSCRIPTIONS):
        theirs.connection.views = {
            **theirs.connection.views, f"user:{user_id}": object()
        }  # fmt: skip
    with pytest.raises(TooManySubscriptions, match=str(MAX_SUBSCRIPTIONS)):
        theirs.follow(project.stream)


def test_an_administrator_follows_any_board_any_task_and_the_own_ones_everywhere(desk, ada, admin):
    project = Project(ada)
    task = ada.create_task(board=project.board)
    board, one, own = (desk.connect(admin) for _ in range(3))
    board.follow(f"board:{project.board}")
    assert one.follow(f"task:{task['id']}")["stream"] == project.stream
    own.follow("mine")

    rename(ada, task, "seen")
    theirs = admin.create_task(board=project.board)

    assert [m["task_id"] for _, m in board.hear()] == [task["id"], theirs["id"]]
    assert [m["task_id"] for _, m in one.hear()] == [task["id"]]
    ((_, message),) = own.hear()
    assert (message["task_id"], message["stream"]) == (theirs["id"], project.stream)
    again = desk.connect(admin)
    again.follow("mine", {project.stream: message["seq"] - 1})
    assert [m["task_id"] for _, m in again.hear()] == [theirs["id"]]


def test_the_beacon_tells_how_far_everything_has_been_sent(desk, ada, bob):
    project = Project(ada, bob)
    board, raw = desk.connect(bob), desk.connect(bob, follow="all", raw=True)
    head = board.follow(f"board:{project.board}")["head"]
    ada.create_task(board=second_board(ada, project))
    assert board.beacon()["heads"] == {project.stream: head}
    desk.advance()
    assert board.beacon() == {"action": "head", "heads": {project.stream: head + 2}}

    assert raw.beacon() == {}
    raw.follow(f"user:{bob.id}")
    raw.ask_held("subscribe", stream=project.stream)
    assert raw.beacon() == {}, "nothing is said ahead of an answer"
    desk.switchboard.release(raw.connection)
    assert set(raw.beacon()["heads"]) == {project.stream, f"user:{bob.id}"}


def test_the_beacon_goes_on_while_the_database_is_away(desk, ada, monkeypatch):
    stream = f"user:{ada.id}"
    hers = desk.connect(ada)
    head = hers.follow(stream)["head"]
    away = create_engine(f"{DATABASE_DRIVER}://nobody@127.0.0.1:{free_port()}/none")
    monkeypatch.setattr("app.realtime.follower._engine", lambda: away)
    later = time.monotonic() + BEACON_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    desk.step()

    ((name, message),) = desk.shelf.kept[hers.connection]
    assert (name, message["heads"]) == ("head", {stream: head})


def test_each_connection_is_told_once_in_a_round_of_the_beacon(desk, ada):
    stream = f"user:{ada.id}"
    clients = [desk.connect(ada) for _ in range(5)]
    for each in clients:
        each.follow(stream)
    beacon, now = Beacon(desk.switchboard), time.monotonic()
    desk.shelf.kept.clear()

    for second in range(1, BEACON_SECONDS + 1):
        beacon.send_when_due(now + second)

    heard = [desk.shelf.kept[each.connection] for each in clients]
    assert [[name for name, _ in sent] for sent in heard] == [["head"]] * 5
