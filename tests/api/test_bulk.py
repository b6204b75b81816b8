import pytest

from app.tasks.by_date import PREFIX
from tests.api.conftest import TASKS, events_of, versions

BULK = f"{TASKS}bulk/"


def change(person, tasks, dry_run=None, **changes):
    body = {"tasks": tasks, "changes": changes}
    return person.post(BULK, json=body if dry_run is None else body | {"dry_run": dry_run})


@pytest.fixture
def project(make_project, ada, bob):
    return make_project(ada, {bob: "MEMBER"})


@pytest.fixture
def cards(project):
    return [project.task(title=f"Card {n}")["id"] for n in range(4)]


@pytest.fixture
def world(rows, redis_client):
    """Everything that a change would leave a trace in."""

    def look():
        tables = ["tasks", "events", "stream_entries", "streams", "task_counts", "deliveries"]
        found = [sorted(map(str, rows(f"SELECT * FROM {table}"))) for table in tables]
        keys = sorted(redis_client.scan_iter(f"{PREFIX}*"))
        return found, keys, [redis_client.ttl(key) > 0 for key in keys]

    return look


def test_each_task_changes_with_one_event_each(ada, bob, project, cards, wrong_counts):
    answer = change(bob, cards, status="DONE", priority="HIGH", assignee=bob.id)

    assert answer.status_code == 200
    assert (answer.json["dry_run"], answer.json["changed"]) == (False, 4)
    for card, result in zip(cards, answer.json["results"], strict=True):
        task = ada.get(f"{TASKS}{card}/").json
        newest, created = events_of(ada, card)
        assert (result["task"], result["version"], task["version"]) == (card, 2, 2)
        assert (task["status"], task["priority"], task["assignee"]) == ("DONE", "HIGH", bob.id)
        assert task["completed_at"] is not None
        assert (newest["type"], newest["actor"]) == ("task.updated", bob.id)
        assert newest["changes"] == result["changes"]
        assert created["type"] == "task.created"
    assert project.cell(ada, "DONE") == cards
    assert wrong_counts() == 0


def test_what_is_like_that_already_gets_no_event(ada, cards):
    ada.patch(f"{TASKS}{cards[0]}/", json={"priority": "HIGH"})

    answer = change(ada, cards[:2], priority="HIGH").json

    assert answer["changed"] == 1
    assert answer["results"] == [
        {"task": cards[0], "version": 2, "changes": {}},
        {"task": cards[1], "version": 2, "changes": {"priority": ["MEDIUM", "HIGH"]}},
    ]
    assert len(events_of(ada, cards[0])) == 2


def test_two_hundred_tasks_change_at_once_and_one_more_does_not(ada, project, rows):
    rows(
        "INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,"
        " reporter_id, due_date_only, sla_breached, version, created_at, updated_at)"
        " SELECT 'x', '', 'TODO', 'LOW', :p, :b, 'a' || lpad(n::text, 4, '0') || 'V', :u,"
        " false, false, 1, now(), now() FROM generate_series(1, 201) n",
        p=project.id, b=project.board_id, u=ada.id,
    )  # fmt: skip
    ids = [row.id for row in rows("SELECT id FROM tasks ORDER BY position")]

    refused = change(ada, ids, title="y")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["tasks"])
    done = change(ada, ids[:200], status="REVIEW", title="y")

    assert (done.status_code, done.json["changed"]) == (200, 200)
    assert sorted(versions(rows).values()) == [1] + [2] * 200
    assert project.cell(ada, "REVIEW") == ids[:100]
    assert rows("SELECT count(*) FROM events WHERE type = 'task.updated'")[0][0] == 200


CHANGES = [
    {"status": "DONE"},
    {"status": "TODO", "title": "New", "description": "x\ny", "priority": "URGENT"},
    {"due_date": "2020-01-31", "estimated_hours": 0.1},
    {"due_date": None, "assigned_to": None},
    {"board": None},
    {"board": "other", "status": "REVIEW"},
    {"title": "Card 1"},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_a_dry_run_tells_what_the_real_run_does_and_changes_nothing(
    ada, admin, project, cards, world, changes
):
    loose = ada.create_task(status="REVIEW", due_date="2030-01-01")["id"]
    changes = dict(changes)
    if changes.get("board") == "other":
        changes["board"] = project.add_board()
    for person in (ada, admin):
        person.get(f"{TASKS}by-date/{ada.get(f'{TASKS}{loose}/').json['created_at'][:10]}/")
    before = world()

    dry = change(ada, [*cards, loose], dry_run=True, **changes)

    assert dry.status_code == 200
    assert before == world()
    real = change(ada, [*cards, loose], dry_run=False, **changes)
    assert dry.json["dry_run"] is True
    assert dry.json["changed"] == real.json["changed"]
    for told, done in zip(dry.json["results"], real.json["results"], strict=True):
        assert told.keys() == done.keys()
        assert (told["task"], told["version"]) == (done["task"], done["version"])
        moment = {"completed_at"}  # Of each run its own.
        assert told["changes"].keys() == done["changes"].keys()
        assert _without(told["changes"], moment) == _without(done["changes"], moment)


def _without(changes, names):
    return {name: change for name, change in changes.items() if name not in names}


def test_a_dry_run_leaves_nothing_for_the_next_request_to_write(ada, cards, world):
    before = world()

    for _ in range(3):
        change(ada, cards, dry_run=True, status="DONE")
        ada.get(f"{TASKS}{cards[0]}/")
        change(ada, cards, dry_run=True, status="DONE", assignee=999_999)
    assert world() == before
    ada.patch(f"{TASKS}{cards[0]}/", json={"title": "y"})

    assert [len(events_of(ada, card)) for card in cards] == [2, 1, 1, 1]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_task_that_is_not_there_refuses_all_of_them(
    ada, bob, eve, project, cards, world, dry_run, make_project
):
    deleted = project.task()["id"]
    ada.delete(f"{TASKS}{deleted}/")
    foreign, loose = make_project(eve).task()["id"], eve.create_task()["id"]
    gone = make_project(ada)
    in_gone = gone.task()["id"]
    gone.delete()
    before = world()

    for missing in ([deleted], [foreign], [loose], [in_gone], [999_999], [deleted, foreign]):
        answer = change(ada, [*missing, *cards], dry_run=dry_run, title="y")
        assert answer.status_code == 404
        assert answer.json["missing"] == sorted(missing)
        alone = change(ada, missing, dry_run=dry_run, title="y")
        assert (alone.status_code, alone.json["missing"]) == (404, sorted(missing))
    assert world() == before


@pytest.mark.parametrize("dry_run", [False, True])
def test_one_refused_task_refuses_all_and_names_itself(
    ada, bob, eve, project, cards, world, dry_run, make_project
):
    done = project.task(status="DONE")["id"]
    project.limit("TODO", 3)
    other = make_project(ada, {bob: "MEMBER"})
    his = project.task(bob)["id"]
    before = world()

    transition = change(ada, [*cards, done], dry_run=dry_run, status="CANCELLED")
    assert (transition.status_code, transition.json["task"]) == (409, done)
    assert transition.json["detail"].startswith(f"Task {done}: ")
    full = change(ada, cards, dry_run=dry_run, status="TODO")
    assert (full.status_code, full.json["task"], full.json["wip_limit"]) == (409, cards[3], 3)
    stranger = change(ada, cards, dry_run=dry_run, assignee=eve.id)
    assert (stranger.status_code, stranger.json["task"]) == (422, cards[0])
    taken = change(bob, [his, cards[0]], dry_run=dry_run, board=other.board_id)
    assert (taken.status_code, taken.json["task"]) == (403, cards[0])
    assert "MANAGER" in taken.json["detail"]
    forced = change(bob, cards, dry_run=dry_run, status="TODO", override_wip_limit=True)
    assert (forced.status_code, forced.json["task"]) == (403, cards[3])
    assert world() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "tasks"),
        ({"tasks": [], "changes": {"title": "x"}}, "tasks"),
        ({"tasks": None, "changes": {"title": "x"}}, "tasks"),
        ({"tasks": [1, 1], "changes": {"title": "x"}}, "tasks"),
        ({"tasks": [1, "a"], "changes": {"title": "x"}}, "tasks.1"),
        ({"tasks": [0], "changes": {"title": "x"}}, "tasks.0"),
        ({"tasks": [2**63], "changes": {"title": "x"}}, "tasks.0"),
        ({"tasks": [True], "changes": {"title": "x"}}, "tasks.0"),
        ({"tasks": list(range(1, 202)), "changes": {"title": "x"}}, "tasks"),
        ({"tasks": [1], "changes": {}}, "changes"),
        ({"tasks": [1], "changes": {"override_wip_limit": True}}, "changes"),
        ({"tasks": [1], "changes": {"title": ""}}, "changes.title"),
        ({"tasks": [1], "changes": {"id": 5}}, "changes.id"),
        ({"tasks": [1], "changes": {"reporter": 5}}, "changes.reporter"),
        ({"tasks": [1], "changes": []}, "changes"),
        ({"tasks": [1]}, "changes"),
        ({"tasks": [1], "changes": {"title": "x"}, "dry_run": "maybe"}, "dry_run"),
        ({"tasks": [1], "changes": {"title": "x"}, "all": True}, "all"),
    ],
)
def test_bad_bodies_are_refused_by_field(ada, cards, body, field):
    answer = ada.post(BULK, json=body)

    assert answer.status_code == 422, answer.text
    assert field in {name.removesuffix("._schema") for name in answer.json["errors"]}


def test_who_may_change_several_tasks(ada, bob, eve, admin, make_person, project, cards):
    mia, max_ = make_person("mia"), make_person("max")
    project.add(mia, "MANAGER")
    project.add(max_)
    project.remove(max_)

    for n, person in enumerate((bob, mia, ada, admin)):
        assert change(person, cards, title=f"by {n}").json["changed"] == 4
    for person in (eve, max_):
        answer = change(person, cards, title="mine")
        assert (answer.status_code, answer.json["missing"]) == (404, cards)


def test_tasks_of_an_archived_project_refuse_the_others_too(ada, make_project, project, cards):
    archived = make_project(ada)
    inside = archived.task()["id"]
    archived.change(is_archived=True)

    for dry_run in (False, True):
        assert change(ada, [*cards, inside], dry_run=dry_run, title="y").status_code == 409
        assert change(ada, cards, dry_run=dry_run, board=archived.board_id).status_code == 409
    assert ada.get(f"{TASKS}{cards[0]}/").json["version"] == 1


def test_a_limit_counts_the_tasks_of_the_same_change(ada, project, cards):
    project.limit("TODO", 4)

    assert change(ada, cards, status="TODO").json["changed"] == 4
    assert change(ada, cards, status="TODO").json["changed"] == 0
    project.limit("TODO", 2)
    assert change(ada, cards, status="TODO", title="y").json["changed"] == 4
