"""The feed over HTTP: what it tells whom, in which order, and when to start over."""

import base64
import random
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from app.audit.retention import forget_events, old_events
from app.core.db import snapshot, unit_of_work
from app.core.purging import purge
from app.extensions import db
from app.realtime import changes
from app.realtime.queries import entries_after
from app.realtime.routing import route
from app.realtime.scopes import own_scope
from app.realtime.views import OWN, View, everything
from app.users.actor import Actor
from app.users.models import Role, User
from benchmarks.plans import explain, nodes, recorded
from tests.realtime.conftest import POSITION

CHANGES = "/api/v1/changes/"
REMOVAL = {"task_id", "action", "stream", "seq", "event_id"}


@pytest.fixture
def relayed(app):
    """Gives every event its position, as the relay does."""

    def work():
        with app.app_context(), unit_of_work() as session:
            session.execute(POSITION)

    return work


@pytest.fixture
def read(relayed):
    """Reads the feed to its end: all messages after a cursor, and the cursor then."""

    def feed(person, cursor, limit=500):
        relayed()
        told, has_more = [], True
        while has_more:
            answer = person.get(f"{CHANGES}?since={cursor}&limit={limit}").json
            assert len(answer["changes"]) <= limit
            told += answer["changes"]
            cursor, has_more = answer["cursor"], answer["has_more"]
        return told, cursor

    return feed


@pytest.fixture
def begin(relayed):
    """A fresh cursor for somebody."""

    def cursor(person):
        relayed()
        answer = person.get(CHANGES).json
        assert (answer["changes"], answer["has_more"]) == ([], False)
        return answer["cursor"]

    return cursor


def cursor_of(text_):
    return base64.urlsafe_b64encode(text_.encode()).decode().rstrip("=")


def test_everybody_is_told_what_they_may_see_and_no_more(ada, bob, eve, begin, read):
    cursor = begin(ada)
    task = ada.create_task(title="Paint", assignee=bob.id)
    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": "Secret", "assignee": None})

    hers, his = read(ada, cursor)[0], read(bob, cursor)[0]
    assert [(m["action"], m["title"]) for m in hers] == [
        ("created", "Paint"),
        ("updated", "Secret"),
    ]
    assert [set(m) for m in his] == [REMOVAL] * 2
    assert [m["stream"] for m in his] == [f"user:{bob.id}"] * 2
    assert read(eve, cursor)[0] == []


def test_it_goes_on_from_the_cursor_and_tells_nothing_twice(ada, begin, read):
    cursor = begin(ada)
    tasks = [ada.create_task()["id"] for _ in range(5)]
    told, cursor = read(ada, cursor, limit=2)
    later = ada.create_task()["id"]

    assert [m["task_id"] for m in told] == tasks
    assert [m["task_id"] for m in read(ada, cursor)[0]] == [later]
    assert read(ada, read(ada, cursor)[1]) == ([], read(ada, cursor)[1])


def test_what_was_not_relayed_yet_comes_later_and_in_the_order_of_the_log(ada, app, begin, read):
    cursor = begin(ada)
    first, second = ada.create_task()["id"], ada.create_task()["id"]
    assert ada.get(f"{CHANGES}?since={cursor}").json["changes"] == []
    with app.app_context(), unit_of_work() as session:
        last = session.scalar(text("SELECT max(position) FROM events"))
        place = "UPDATE events SET position = :place WHERE task_id = :task"
        session.execute(text(place), {"place": last + 2, "task": first})
        session.execute(text(place), {"place": last + 1, "task": second})

    assert [m["task_id"] for m in read(ada, cursor, limit=1)[0]] == [second, first]


def test_a_task_that_moves_between_own_streams_comes_once_with_its_content(
    ada, bob, make_project, begin, read
):
    near, far = make_project(ada), make_project(ada, {bob: "MEMBER"})
    task = near.task(title="Paint")
    cursor = before = begin(ada)
    for board in (far.board_id, near.board_id, None):
        assert ada.patch(f"/api/v1/tasks/{task['id']}/", json={"board": board}).status_code == 200
        (told,), cursor = read(ada, cursor)
        assert (told["title"], told["board"]) == ("Paint", board)
    # Of the past, too, one is only shown what one sees now, in the stream in which one sees it.
    assert [set(m) for m in read(bob, before)[0]] == [REMOVAL] * 2


def test_who_joins_and_who_leaves_a_project_is_told_so(ada, bob, make_project, begin, read):
    project = make_project(ada)
    members = f"/api/v1/projects/{project.id}/members/"
    before = begin(bob)
    project.task(title="Before")
    ada.post(members, json={"user": bob.id})
    told, cursor = read(bob, before)
    assert "Before" in str(told)
    assert told[-1]["member_id"] == bob.id

    ada.delete(f"{members}{bob.id}/")
    project.task(title="Secret")

    told, _ = read(bob, cursor)
    assert [(m["action"], m["stream"]) for m in told] == [("removed", f"user:{bob.id}")]
    assert "Before" not in str(read(bob, before)[0])


def test_the_end_of_a_project_is_told_to_who_was_in_it_and_nobody_else(ada, bob, eve, begin, read):
    project = ada.post("/api/v1/projects/", json={"name": "Apollo"}).json["id"]
    members = f"/api/v1/projects/{project}/members/"
    for person in (bob, eve):
        assert ada.post(members, json={"user": person.id}).status_code == 201
    assert ada.delete(f"{members}{eve.id}/").status_code == 204
    cursor = begin(ada)

    assert ada.delete(f"/api/v1/projects/{project}/").status_code == 204

    for person in (ada, bob):
        (end,) = read(person, cursor)[0]
        assert (end["action"], end["project_id"]) == ("deleted", project)
        assert set(end) == {"project_id", "action", "stream", "seq", "event_id"}
    assert read(eve, cursor)[0] == []


def test_comments_boards_and_projects_are_told_of_as_on_the_socket(ada, make_project, begin, read):
    project = make_project(ada)
    task = project.task()
    cursor = begin(ada)
    ada.post(f"/api/v1/tasks/{task['id']}/comments/", json={"body": "Hello"})
    ada.patch(f"/api/v1/boards/{project.board_id}/", json={"name": "New"})
    ada.patch(f"/api/v1/projects/{project.id}/", json={"name": "Newer"})

    comment, board, renamed = read(ada, cursor)[0]
    assert (comment["body"], comment["action"]) == ("Hello", "created")
    assert (board["board_id"], board["name"]) == (project.board_id, "New")
    assert (renamed["project_id"], renamed["name"]) == (project.id, "Newer")
    assert {m["stream"] for m in (comment, board, renamed)} == {f"project:{project.id}"}


def people_after_a_random_history(chance, make_person, make_project):
    """Four people and an administrator who did this and that in two projects and outside."""
    people = [make_person() for _ in range(4)]
    root = make_person(role=Role.ADMIN)
    members = dict.fromkeys(people[1:3], "MANAGER")
    projects = [make_project(people[0], members) for _ in range(2)]
    boards = [None, *(project.board_id for project in projects)]
    ids = [root.create_task(board=board)["id"] for board in boards]

    def join_or_leave(_person, other):
        path = f"/api/v1/projects/{chance.choice(projects).id}/members/"
        if root.post(path, json={"user": other.id}).status_code != 201:
            root.delete(f"{path}{other.id}/")

    steps = [
        lambda person, _: ids.append(person.create_task()["id"]),
        lambda person, _: person.patch(path_of(ids), json={"board": chance.choice(boards)}),
        lambda _, other: root.patch(path_of(ids), json={"assignee": other.id}),
        lambda person, _: person.patch(path_of(ids), json={"title": str(chance.random())}),
        lambda person, _: person.delete(path_of(ids)),
        lambda person, _: person.post(f"{path_of(ids)}restore/"),
        lambda person, _: person.post(f"{path_of(ids)}comments/", json={"body": "Hello"}),
        join_or_leave,
    ]

    def path_of(tasks):
        return f"/api/v1/tasks/{chance.choice(tasks)}/"

    for _ in range(16):
        chance.choice(steps)(chance.choice([*people, *[root] * 5]), chance.choice(people))
    return [*people, root]


@dataclass
class Hearer:
    """A socket that follows all that is its owner's from the beginning of the log."""

    actor: Actor
    views: dict[str, View]


def hearer_of(session, actor):
    scope = own_scope(session, actor, everything)
    since = dict.fromkeys(scope.streams, 0)
    view = View(OWN, since, scope.matches, grows=scope.grows, everywhere=scope.everywhere)
    return Hearer(actor, {OWN: view})


def heard_on_a_socket(entries, hearer):
    """What somebody is sent of the events: by position, one or several messages."""
    for entry in entries:
        sent = [outgoing.message for outgoing in route(entry, [hearer])]
        if sent:
            yield entry.record.position, sent


def pages(session, since, limit, actor):
    """Everything after a place, as the pages tell it one after the other."""
    told, has_more = [], True
    while has_more:
        page = changes.read_changes(session, since, limit, actor)
        assert len(page.changes) <= limit
        told += page.changes
        since, has_more = page.cursor, page.has_more
    return told


@pytest.mark.parametrize("seed", range(2))
def test_from_any_cursor_the_pages_are_what_a_socket_would_have_heard(
    seed, app, make_person, make_project, relayed, monkeypatch
):
    chance = random.Random(seed)
    people = people_after_a_random_history(chance, make_person, make_project)
    relayed()
    monkeypatch.setattr(changes, "WINDOW", chance.choice([5, 100]))
    with app.app_context(), snapshot() as session:
        entries = entries_after(session, 0)
        assert len(entries) > 15
        for person in people:
            actor = Actor.of(session.get_one(User, person.id))
            heard = list(heard_on_a_socket(entries, hearer_of(session, actor)))
            since = chance.randrange(len(entries))
            told = pages(session, since, chance.choice([2, 7, 500]), actor)
            wanted = [sent for position, sent in heard if position > since]
            assert len(told) == len(wanted)
            for message, sent in zip(told, wanted, strict=True):
                assert message in sent
                # A removal only where no stream of the own shows more.
                assert set(message) != REMOVAL or all(set(each) == REMOVAL for each in sent)


def test_a_long_stretch_of_what_others_did_is_passed_in_steps(ada, bob, begin, read, monkeypatch):
    monkeypatch.setattr(changes, "WINDOW", 3)
    cursor = begin(ada)
    for _ in range(4):
        bob.create_task()
    task = ada.create_task()["id"]
    begin(ada)

    first = ada.get(f"{CHANGES}?since={cursor}").json
    assert (first["changes"], first["has_more"]) == ([], True)
    assert first["cursor"] != cursor
    assert [m["task_id"] for m in read(ada, first["cursor"])[0]] == [task]


def test_what_was_purged_or_is_too_far_back_is_gone(ada, rows, begin, app, monkeypatch):
    cursor = begin(ada)
    ada.create_task()
    ada.create_task()
    fresh = begin(ada)
    monkeypatch.setattr(changes, "MAX_BEHIND", 1)
    refused = ada.get(f"{CHANGES}?since={cursor}")
    assert refused.status_code == 410
    assert refused.json["type"] == "/problems/gone"
    assert "start over" in refused.json["detail"]
    monkeypatch.undo()
    assert ada.get(f"{CHANGES}?since={cursor}").status_code == 200

    rows("UPDATE events SET at = now() - interval '100 days'")
    with app.app_context():
        assert purge(old_events(30), forget_events) > 0
    assert ada.get(f"{CHANGES}?since={cursor}").status_code == 410
    assert ada.get(f"{CHANGES}?since={fresh}").json["changes"] == []


def test_a_purge_that_leaves_one_event_in_the_middle_is_noticed(ada, rows, begin):
    cursor = begin(ada)
    tasks = [ada.create_task()["id"] for _ in range(3)]
    begin(ada)
    doomed = f"SELECT id FROM events WHERE task_id = {tasks[1]}"
    rows(f"DELETE FROM deliveries WHERE event_id IN ({doomed})")
    rows(f"DELETE FROM stream_entries WHERE event_id IN ({doomed})")
    rows(f"DELETE FROM events WHERE task_id = {tasks[1]}")

    assert ada.get(f"{CHANGES}?since={cursor}").status_code == 410


def test_a_cursor_of_a_log_that_went_further_starts_over(ada, begin):
    begin(ada)
    for place in (10**9, 9 * 10**18):
        assert ada.get(f"{CHANGES}?since={cursor_of(f'1:{place}')}").status_code == 410


@pytest.mark.parametrize(
    "since",
    [
        "", "x", "%20", "0", "MTo", cursor_of("2:5"), cursor_of("1:-5"), cursor_of("1:05"),
        cursor_of("1:"), cursor_of("1:1e3"), cursor_of(f"1:{'9' * 30}"), cursor_of("1:5") + "==",
        cursor_of("1:²"), "ü", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_refused_by_name(ada, since):
    answer = ada.get(f"{CHANGES}?since={since}")

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["since"]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "ten", "1.5", ""])
def test_a_bad_limit_is_refused_by_name(ada, limit):
    answer = ada.get(f"{CHANGES}?limit={limit}")

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["limit"]


def test_it_takes_a_token_and_no_other_parameters(client, ada):
    assert client.get(CHANGES).status_code == 401
    assert "Allowed are: limit, since" in ada.get(f"{CHANGES}?sinc=1").json["errors"]["sinc"][0]


# Events of which every third is in ada's stream, and the others in somebody else's.
MANY = """
WITH other AS (INSERT INTO streams (kind, ref_id, last_seq) VALUES ('user', 999, 0) RETURNING id),
made AS (INSERT INTO events (event_id, type, at, actor_id, entity, entity_id, task_id, changes,
    snapshot, position)
    SELECT gen_random_uuid(), 'task.deleted', now(), 999, 'task', n, n, '{}', '{}',
           n + (SELECT max(position) FROM events)
    FROM generate_series(1, 6000) AS n RETURNING id, task_id)
INSERT INTO stream_entries (stream_id, seq, event_id)
SELECT CASE WHEN task_id % 3 = 0 THEN streams.id ELSE other.id END, 1000 + task_id, made.id
FROM made, other, streams WHERE streams.kind = 'user' AND streams.ref_id = :ada
"""


def test_one_call_reads_no_more_than_its_window_of_a_long_log(
    app, ada, bob, admin, rows, begin, monkeypatch
):
    monkeypatch.setattr(changes, "WINDOW", 500)
    begin(ada)
    rows(MANY, ada=ada.id)
    with app.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE events, stream_entries, streams"))
        last = db.session.scalar(text("SELECT max(position) FROM events"))
        for person, since, found in (
            (ada, last - 500, 100), (ada, last - 5500, 100), (bob, last - 5500, 0),
            (admin, last - 5500, 100),
        ):  # fmt: skip
            with recorded(db.engine) as queries:
                answer = person.get(f"{CHANGES}?since={cursor_of(f'1:{since}')}").json
            assert len(answer["changes"]) == found
            for statement, values in queries.statements:
                if "events" in statement or "stream_entries" in statement:
                    plan = explain(db.engine, statement, values)
                    assert most_rows(plan) <= changes.WINDOW, statement


def most_rows(plan):
    """How many rows the busiest node of a plan read."""
    return max(
        node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(plan)
    )
