"""Who looks at which board and who is writing: in one process, in two, and over both sockets."""

import socket
import time
import uuid
from datetime import timedelta

import pytest

from app.core import clock
from app.core.events import EventRecord
from app.projects.events import MemberRemoved, ProjectDeleted
from app.realtime import looks, presence_store
from app.realtime import presence as presence_module
from app.realtime.connection import Connection
from app.realtime.connections import Bounds, Connections
from app.realtime.looks import MAX_PEOPLE
from app.realtime.presence import MAX_QUEUED, Presence
from app.realtime.presence_store import PresenceStore
from app.users.actor import Actor
from app.users.models import Role
from embedded.ports import free_port
from tests.realtime.conftest import refused, wait_until
from tests.realtime.desk import Idle

pytestmark = pytest.mark.xdist_group("realtime")

BOARD, PROJECT = 7, 3


class Process:
    """One process of the service: its connections, and what each of them was told."""

    kind, tells_tasks_alone = "test", False

    def __init__(self, redis_url):
        self.connections = Connections(Bounds(per_process=1000, per_user=10, per_address=1000))
        self.presence = Presence(Idle(), self.connections, PresenceStore(redis_url))
        self.told, self.waiting = {}, {}

    def open(self, user_id, *, role=Role.MEMBER):
        """A connection of a signed-in user."""
        connection = Connection(uuid.uuid4().hex, "127.0.0.1", self)
        self.connections.add(connection)
        actor = Actor(user_id, f"user{user_id}", role, "UTC", session_id="")
        assert self.connections.admit(connection, actor, clock.now() + timedelta(hours=1))
        return connection

    def look(self, user_id, board=BOARD, project=PROJECT, **kwargs):
        connection = self.open(user_id, **kwargs)
        self.presence.look(connection, board, project)
        return connection

    def round(self):
        """One round of both loops."""
        self.presence.exchange()
        self.presence.tell()

    def knows(self, connection):
        """The ids of the people that a connection was told of last."""
        return [person["id"] for person in self.told[connection.id][-1]["people"]]

    def send(self, to, name, message):
        assert name == "presence"
        for each in to:
            self.told.setdefault(each.id, []).append(message)

    def queued(self, connection):
        return self.waiting.get(connection.id, 0)


@pytest.fixture
def always_due(monkeypatch):
    """Every round asks Redis, and tells it everything anew."""
    monkeypatch.setattr(presence_module, "READ_SECONDS", 0)
    monkeypatch.setattr(presence_module, "REFRESH_SECONDS", 0)


@pytest.fixture
def here(app, redis_url, always_due):
    return Process(redis_url)


@pytest.fixture
def there(app, redis_url, always_due):
    return Process(redis_url)


def test_people_see_each_other_come_and_go_once_each_however_many_tabs(here):
    first = here.look(1)
    again, second = here.look(1), here.open(2)
    people = here.presence.look(second, BOARD, PROJECT)
    assert [(each.id, each.username) for each in people] == [(1, "user1"), (2, "user2")]

    here.round()
    assert here.told[first.id] == [
        {"board": BOARD, "action": "presence", "people": [
            {"id": 1, "username": "user1", "typing": None},
            {"id": 2, "username": "user2", "typing": None},
        ]}
    ]  # fmt: skip
    assert second.id not in here.told, "the answer had told it already"

    here.connections.remove(again.id)
    here.connections.remove(second.id)
    here.round()
    assert here.knows(first) == [1]
    assert len(here.told[first.id]) == 2
    here.round()
    assert len(here.told[first.id]) == 2


def test_one_connection_looks_at_one_board_at_a_time(here):
    first, second = here.look(1), here.look(2)
    here.presence.look(second, BOARD + 1, PROJECT)
    here.round()
    assert here.told.get(first.id) is None  # as far as it knows, it was alone all the time
    assert here.presence.board_of(second) == BOARD + 1

    here.presence.look(second, BOARD, PROJECT)
    here.round()
    assert here.knows(first) == [1, 2]
    here.presence.look_away(second)
    here.round()
    assert here.knows(first) == [1]


def test_two_processes_see_each_others_people(here, there):
    mine, theirs = here.look(1), there.look(2)
    here.round()
    there.round()
    here.round()
    assert here.knows(mine) == there.knows(theirs) == [1, 2]

    here.look(2)
    there.presence.type(theirs, 12)
    there.round()
    here.round()
    people = here.told[mine.id][-1]["people"]
    assert [(each["id"], each["typing"]) for each in people] == [(1, None), (2, 12)]

    there.connections.remove(theirs.id)
    there.round()
    here.round()
    assert here.knows(mine) == [1, 2], "he still has a tab open here"


def test_who_leaves_the_other_process_is_gone_from_redis_as_well(here, there, redis_client):
    mine, theirs = here.look(1), there.look(2)
    there.round()
    here.round()
    assert here.knows(mine) == [1, 2]
    there.connections.remove(theirs.id)
    there.presence.tell()
    there.presence.exchange()
    here.round()
    assert here.knows(mine) == [1]

    here.presence.look_away(mine)
    here.round()
    assert redis_client.keys("presence:*") == []


def test_people_of_a_process_that_died_are_forgotten(here, there, redis_client, monkeypatch):
    mine = here.look(1)
    here.round()
    monkeypatch.setattr(presence_store, "EXPIRY_SECONDS", 0.05)
    there.look(2)
    there.round()
    monkeypatch.undo()
    here.presence._refreshed_at = 0
    here.round()
    assert here.knows(mine) == [1, 2]

    def is_alone():
        here.presence._exchanged_at = 0
        here.round()
        return here.knows(mine) == [1]

    wait_until(is_alone, 2)
    assert redis_client.scard(f"presence:{BOARD}") == 1
    here.connections.remove(mine.id)


def test_a_redis_that_lost_everything_is_told_again(here, there, redis_client):
    mine, theirs = here.look(1), there.look(2)
    for each in (here, there, here):
        each.round()
    redis_client.flushdb()
    here.round()
    there.round()
    here.round()

    assert here.knows(mine) == there.knows(theirs) == [1, 2]


def test_without_redis_a_process_shows_its_own_people(app, always_due):
    alone = Process(f"redis://127.0.0.1:{free_port()}/0")
    first, second = alone.look(1), alone.look(2)
    for _ in range(3):
        alone.round()
    assert alone.knows(first) == [1, 2]
    alone.connections.remove(second.id)
    alone.round()
    assert alone.knows(first) == [1]
    alone.presence.look_away(first)
    alone.round()
    assert not alone.presence._written, "what it wrote expires by itself"


def test_people_elsewhere_are_forgotten_while_redis_is_away(here, there, monkeypatch):
    mine = here.look(1)
    there.look(2)
    there.round()
    here.round()
    assert here.knows(mine) == [1, 2]
    monkeypatch.setattr(here.presence, "_store", PresenceStore(f"redis://127.0.0.1:{free_port()}"))
    here.round()
    assert here.knows(mine) == [1, 2], "a hiccup makes nobody disappear"

    monkeypatch.setattr(presence_module, "EXPIRY_SECONDS", 0)
    here.round()
    assert here.knows(mine) == [1]


def test_a_redis_that_hangs_holds_up_nobody_for_long(app, always_due):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stuck = Process(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        first = stuck.look(1)
        stuck.look(2)
        started = time.monotonic()
        stuck.presence.tell()
        assert stuck.knows(first) == [1, 2]
        assert time.monotonic() - started < 0.2, "telling asks no Redis"
        for _ in range(4):
            stuck.presence.exchange()
        assert time.monotonic() - started < 2.5, "the breaker is open after two failures"


def test_typing_is_told_and_ends_by_itself(here, monkeypatch):
    mine, other = here.look(1), here.look(2)
    here.presence.type(other, 12)
    here.round()
    assert here.told[mine.id][-1]["people"][1]["typing"] == 12
    here.presence.type(other, None)
    here.round()
    assert here.told[mine.id][-1]["people"][1]["typing"] is None

    monkeypatch.setattr(looks, "TYPING_SECONDS", 0.05)
    here.presence.type(other, 12)
    here.round()
    assert here.told[mine.id][-1]["people"][1]["typing"] == 12
    wait_until(lambda: here.round() or here.told[mine.id][-1]["people"][1]["typing"] is None, 2)


def test_who_loses_the_membership_vanishes_and_is_told_nothing_more(here):
    member, former, admin = here.look(1), here.look(2), here.look(3, role=Role.ADMIN)
    here.round()
    told = len(here.told[member.id])

    for user_id, project_id in ((2, PROJECT), (3, PROJECT), (1, PROJECT + 1)):
        here.presence.heed(
            EventRecord(type=MemberRemoved.type, entity_id=user_id, project_id=project_id)
        )
    here.round()
    assert here.knows(member) == here.knows(admin) == [1, 3]
    assert len(here.told[former.id]) == 1
    assert len(here.told[member.id]) == told + 1

    here.presence.keep_to({(2, PROJECT), (1, PROJECT + 1)}, here.presence.looks())
    here.round()
    assert here.knows(admin) == [3]
    here.presence.heed(EventRecord(type=ProjectDeleted.type, project_id=PROJECT))
    here.look(1)
    here.round()
    assert here.knows(admin) == [3], "nobody looks at a project that is deleted"


def test_who_joined_since_the_memberships_were_read_stays(here):
    first, known = here.look(1), here.presence.looks()
    here.look(2)
    here.presence.keep_to({(1, PROJECT)}, known)
    here.round()

    assert here.knows(first) == [1, 2]


def test_who_signs_in_anew_on_a_connection_looks_at_nothing(here):
    first, second = here.look(1), here.look(2)
    here.round()
    other = Actor(9, "user9", Role.MEMBER, "UTC", session_id="")
    here.connections.admit(second, other, clock.now() + timedelta(hours=1))
    here.round()

    assert here.knows(first) == [1]


def test_who_reads_too_slowly_is_told_the_newest_later(here):
    slow = here.look(1)
    here.waiting[slow.id] = MAX_QUEUED + 1
    for user_id in (2, 3):
        here.look(user_id)
        here.round()
    assert slow.id not in here.told
    here.waiting.clear()
    here.round()

    assert here.knows(slow) == [1, 2, 3]
    assert len(here.told[slow.id]) == 1


def test_of_very_many_people_the_first_and_those_who_write_are_told_of(here):
    first = here.look(1)
    for user_id in range(2, MAX_PEOPLE + 10):
        last = here.look(user_id)
    here.presence.type(last, 12)
    here.round()

    assert here.knows(first) == [*range(1, MAX_PEOPLE), MAX_PEOPLE + 9]


def test_nothing_runs_while_nobody_looks(app, redis_url):
    process = Process(redis_url)
    realtime = app.extensions["realtime"]
    process.presence = Presence(realtime.server, process.connections, PresenceStore(redis_url))
    first, _ = process.look(1), process.look(2)
    wait_until(lambda: first.id in process.told, 2)
    assert process.knows(first) == [1, 2]
    assert process.presence.is_running

    for each in process.connections.all():
        process.connections.remove(each.id)
    wait_until(lambda: not process.presence.is_running, 2)


@pytest.fixture
def team(ada, bob):
    """A project of ada and bob with one board and one task: their ids."""
    project = ada.post("/api/v1/projects/", json={"name": "Apollo"}).json["id"]
    ada.post(f"/api/v1/projects/{project}/members/", json={"user": bob.id})
    board = ada.get(f"/api/v1/boards/?project={project}").json["results"][0]["id"]
    return project, board, ada.create_task(board=board)["id"]


def people_of(listener):
    """What a Socket.IO client was told last: who is there, and what each writes about."""
    told = [message for name, message in listener.heard if name == "presence"]
    return {each["username"]: each["typing"] for each in told[-1]["people"]} if told else None


def test_both_kinds_of_socket_show_who_looks_and_who_writes(listen, listen_raw, ada, bob, team):
    _, board, task = team
    hers, his = listen(ada), listen_raw(bob)
    answer = hers.client.call("presence", {"board": board}, timeout=5)
    assert answer == {
        "board": board, "action": "presence",
        "people": [{"id": ada.id, "username": "ada", "typing": None}],
    }  # fmt: skip

    his.say(presence={"board": board})
    answer = his.hear()
    assert (answer["board"], [each["id"] for each in answer["people"]]) == (board, [ada.id, bob.id])
    wait_until(lambda: people_of(hers) == {"ada": None, "bob": None}, 1)
    assert hers.client.call("typing", {"task": task}, timeout=5) == {"typing": task}
    assert his.hear(1)["people"][0]["typing"] == task
    his.say(typing={"task": task})
    assert his.hear() == {"typing": task}
    wait_until(lambda: people_of(hers) == {"ada": task, "bob": task}, 1)

    his.bare.close()
    wait_until(lambda: people_of(hers) == {"ada": task}, 1)
    assert hers.client.call("presence", {"board": None}, timeout=5) == {
        "board": None, "people": [], "action": "presence",
    }  # fmt: skip


def test_who_is_removed_from_the_project_vanishes(listen, ada, bob, admin, team):
    project, board, _ = team
    hers, his, theirs = listen(ada), listen(bob), listen(admin)
    for each in (his, hers, theirs):
        each.client.call("presence", {"board": board}, timeout=5)
    wait_until(lambda: people_of(his) == {"ada": None, "bob": None, "root": None}, 1)

    ada.delete(f"/api/v1/projects/{project}/members/{bob.id}/")

    wait_until(lambda: people_of(hers) == {"ada": None, "root": None}, 1)
    assert his.client.call("presence", {"board": board}, timeout=5) == refused("not-found")
    assert len([name for name, _ in his.heard if name == "presence"]) <= 2


def test_only_who_sees_a_board_may_look_at_it_or_write_on_it(
    listen, listen_raw, ada, bob, eve, team
):
    _, board, task = team
    own = bob.create_task()["id"]
    others, his = listen(eve), listen_raw(bob)
    for unseen in (board, 999_999):
        answer = others.client.call("presence", {"board": unseen}, timeout=5)
        assert answer == refused("not-found")
    assert others.client.call("typing", {"task": task}, timeout=5) == refused("bad-request")

    assert "Look at the board" in his.ask(typing={"task": task})["error"]
    his.say(presence={"board": board})
    for unseen in (own, 999_999):
        assert "no such task" in his.ask(typing={"task": unseen})["error"]


@pytest.mark.parametrize("name", ["presence", "typing"])
def test_what_makes_no_sense_is_answered_with_an_error(listen, ada, name):
    hers, key = listen(ada), {"presence": "board", "typing": "task"}[name]
    for payload in (
        {}, {key: "7"}, {key: True}, {key: 0}, {key: -1}, {key: 2**63}, {key: 1.0}, {key: [1]},
        {key: 1, "more": 1}, None, "7",
    ):  # fmt: skip
        answer = hers.client.call(name, payload, timeout=5)
        assert answer == refused("bad-request"), payload
