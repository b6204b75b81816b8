"""The streams of projects: who is in them, from when, and until when."""

import pytest
from sqlalchemy import delete

from app.core.db import unit_of_work
from app.projects.models import ProjectMember
from tests.realtime.conftest import refused, wait_until

pytestmark = pytest.mark.xdist_group("realtime")

PROJECTS = "/api/v1/projects/"
TASKS = "/api/v1/tasks/"
REMOVAL = {"task_id", "action", "stream", "seq", "event_id"}


class Project:
    def __init__(self, owner, *members):
        self.owner = owner
        self.id = owner.post(PROJECTS, json={"name": "Apollo"}).json["id"]
        self.path = f"{PROJECTS}{self.id}/"
        self.stream = f"project:{self.id}"
        boards = owner.get(f"/api/v1/boards/?project={self.id}").json["results"]
        self.board = boards[0]["id"]
        for member in members:
            self.add(member)

    def add(self, person, role="MEMBER"):
        body = {"user": person.id, "role": role}
        assert self.owner.post(f"{self.path}members/", json=body).status_code == 201

    def remove(self, person):
        assert self.owner.delete(f"{self.path}members/{person.id}/").status_code == 204


def heard_in(listener, stream):
    return [(name, message) for name, message in listener.heard if message.get("stream") == stream]


def test_members_hear_of_the_projects_tasks_with_their_place_and_outsiders_do_not(
    listen, ada, bob, eve
):
    project = Project(ada, bob)
    his, others = listen(bob), listen(eve)

    task = ada.create_task(title="Paint", board=project.board)
    ada.post(f"{TASKS}{task['id']}/move/", json={"status": "DONE"})
    wait_until(lambda: len(his.messages(task)) == 2, 2)

    created, moved = his.messages(task)
    assert created["stream"] == moved["stream"] == project.stream
    assert moved["seq"] == created["seq"] + 1
    assert (moved["project"], moved["board"], moved["status"]) == (
        project.id,
        project.board,
        "DONE",
    )
    assert moved["position"]
    assert others.heard == []


def test_who_joins_hears_from_then_on_and_who_is_removed_nothing_more(listen, ada, bob):
    project = Project(ada)
    his = listen(bob)
    ada.create_task(title="before", board=project.board)
    project.add(bob)
    wait_until(lambda: "member.added" in [name for name, _ in his.heard], 2)
    inside = ada.create_task(title="inside", board=project.board)
    wait_until(lambda: his.messages(inside), 2)
    project.remove(bob)
    wait_until(lambda: "member.removed" in [name for name, _ in his.heard], 2)
    known = len(his.heard)
    ada.create_task(title="after", board=project.board)
    end = bob.create_task(title="his own")
    wait_until(lambda: his.messages(end), 2)

    titles = [message.get("title") for _, message in his.heard]
    assert "before" not in titles
    assert "after" not in titles
    assert {message["stream"] for _, message in his.heard[known:]} == {f"user:{bob.id}"}
    assert his.ask(stream=project.stream, last_seq=0) == refused(
        "not-found", subscription=project.stream
    )


def test_a_membership_that_vanished_without_an_event_is_noticed(app, listen, ada, bob):
    project = Project(ada, bob)
    his = listen(bob)
    first = ada.create_task(board=project.board)
    wait_until(lambda: his.messages(first), 2)
    with app.app_context(), unit_of_work() as session:
        session.execute(delete(ProjectMember).where(ProjectMember.user_id == bob.id))

    def is_deaf():
        task = ada.create_task(board=project.board)
        marker = bob.create_task()
        wait_until(lambda: his.messages(marker), 2)
        return not his.messages(task)

    wait_until(is_deaf, 10)


def test_a_task_that_moves_away_is_a_removal_here_and_comes_with_its_content_there(
    listen, ada, bob, eve
):
    here, there = Project(ada, bob), Project(ada, eve)
    task = ada.create_task(title="secret plan", board=here.board)
    his, hers = listen(bob), listen(eve)

    ada.post(f"{TASKS}{task['id']}/move/", json={"board": there.board})
    wait_until(lambda: his.names()[-1:] == ["task.deleted"] and hers.messages(task), 2)

    gone, came = his.messages(task)[-1], hers.messages(task)[-1]
    assert (set(gone), gone["stream"]) == (REMOVAL, here.stream)
    assert (came["title"], came["stream"]) == ("secret plan", there.stream)


def test_a_comment_is_heard_with_its_text_until_it_is_deleted(listen, ada, bob, eve):
    project = Project(ada, bob)
    task = ada.create_task(board=project.board)
    his, others = listen(bob), listen(eve)

    comments = f"{TASKS}{task['id']}/comments/"
    comment = ada.post(comments, json={"body": "Mind the wet paint"}).json
    wait_until(lambda: his.names_of("comment") == ["comment.created"], 2)
    ada.delete(f"/api/v1/comments/{comment['id']}/")
    wait_until(lambda: his.names_of("comment")[1:] == ["comment.deleted"], 2)

    (_, created), (_, deleted) = [m for m in his.heard if "comment_id" in m[1]]
    assert (created["body"], created["task_id"]) == ("Mind the wet paint", task["id"])
    assert "body" not in deleted
    assert others.heard == []
    late = listen(bob)
    late.ask(stream=project.stream, last_seq=0)
    wait_until(lambda: late.names_of("comment") == ["comment.deleted"] * 2, 2)
    assert "wet paint" not in str(late.heard)


def test_who_sees_a_task_hears_how_many_comments_it_has_and_a_replay_tells_no_other(
    listen, ada, bob, eve
):
    project, numbers = Project(ada, bob), ("comments_count", "comments_version")
    task = ada.create_task(board=project.board)
    his, others = listen(bob), listen(eve)
    path = f"{TASKS}{task['id']}/"

    gone = ada.post(f"{path}comments/", json={"body": "First"}).json
    wait_until(lambda: len(his.names_of("comment")) == 1, 2)
    bob.post(f"{path}comments/", json={"body": "Second"})
    wait_until(lambda: len(his.names_of("comment")) == 2, 2)
    ada.delete(f"/api/v1/comments/{gone['id']}/")
    wait_until(lambda: len(his.names_of("comment")) == 3, 2)
    ada.patch(path, json={"title": "Renamed"})
    wait_until(lambda: his.names()[-1:] == ["task.updated"], 2)

    told = [tuple(message[name] for name in numbers) for _, message in his.heard]
    assert told == [(1, 1), (2, 2), (1, 3), (1, 3)]
    late = listen(bob)
    late.ask(stream=project.stream, last_seq=0)
    wait_until(lambda: "task.updated" in late.names(), 2)
    replayed = [message for _, message in late.heard if "task_id" in message]
    assert {tuple(message[name] for name in numbers) for message in replayed} == {(1, 3)}
    assert others.heard == []


def test_who_lost_sight_of_a_task_hears_nothing_of_its_comments(listen, ada, bob):
    here, there = Project(ada, bob), Project(ada)
    task = ada.create_task(board=here.board)
    path = f"{TASKS}{task['id']}/"
    comment = ada.post(f"{path}comments/", json={"body": "Hello"}).json
    ada.post(f"{path}move/", json={"board": there.board})
    ada.delete(f"/api/v1/comments/{comment['id']}/")

    his = listen(bob)
    his.ask(stream=here.stream, last_seq=0)
    wait_until(lambda: his.names() == ["task.deleted"] * 2, 2)
    assert "comments_" not in str(his.heard)


def test_a_deleted_project_is_told_once_and_its_stream_is_closed(listen, ada, bob):
    project = Project(ada, bob)
    his = listen(bob)

    assert ada.delete(project.path).status_code == 204
    wait_until(lambda: "project.deleted" in [name for name, _ in his.heard], 2)

    (told,) = [message for name, message in his.heard if name == "project.deleted"]
    assert set(told) == {"project_id", "action", "stream", "seq", "event_id"}
    assert his.ask(stream=project.stream, last_seq=0) == refused(
        "not-found", subscription=project.stream
    )


def test_a_members_stream_has_no_gaps_whatever_happens_in_the_project(listen, ada, bob, admin):
    project = Project(ada, bob)
    his, root = listen(bob), listen(admin)
    head = his.ask(stream=project.stream)["head"]

    task = ada.create_task(board=project.board)
    ada.post(f"{TASKS}{task['id']}/comments/", json={"body": "hello @bob"})
    ada.patch(project.path, json={"name": "Gemini"})
    ada.post("/api/v1/boards/", json={"project": project.id, "name": "Second"})
    ada.delete(f"{TASKS}{task['id']}/")
    # Not until a "task.deleted" comes: a creation that is sent late says that, too.
    wait_until(lambda: any(m["seq"] == head + 5 for _, m in heard_in(his, project.stream)), 2)

    # What was told before the subscription may arrive after it; a client drops what it has.
    places = [message["seq"] for _, message in heard_in(his, project.stream)]
    places = [place for place in places if place > head]
    assert places == list(range(head + 1, head + 6))
    wait_until(lambda: len({m["event_id"] for _, m in root.heard}) >= 5, 2)
    ids = [message["event_id"] for _, message in root.heard]
    assert len(ids) == len(set(ids)), "an administrator hears of each event once"
