import json
import socket
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from app.core.cache import Cache
from app.core.db import unit_of_work
from app.tasks import by_date
from app.tasks.models import Task
from app.users.actor import Actor
from app.users.models import Role

TASKS = "/api/v1/tasks/"


def path_of(task):
    return f"{TASKS}by-date/{task['created_at'][:10]}/"


def of_day(task):
    """A task as the list of its day shows it: without its comments, which drop no cache."""
    return {name: value for name, value in task.items() if not name.startswith("comments_")}


def key_of(task):
    return f"task:{task['created_at'][:10]}"


def test_the_days_key_holds_a_json_list_for_an_hour_at_most(ada, admin, redis_client):
    task = of_day(ada.create_task(title='a "quoted" title ü'))

    answer = admin.get(path_of(task))

    assert (answer.status_code, answer.json) == (200, {"count": 1, "results": [task]})
    assert json.loads(redis_client.get(key_of(task))) == [task]
    assert 0 < redis_client.ttl(key_of(task)) <= 3600


def test_a_hit_is_the_answer_of_the_miss_to_the_byte(ada, bob, admin, redis_client):
    task = of_day(ada.create_task(assignee=bob.id, due_date="2026-03-31", estimated_hours=0.1))
    ada.create_task(description="a\nb🙂")

    for person in (admin, ada, bob):
        miss, hit = person.get(path_of(task)), person.get(path_of(task))
        assert miss.data == hit.data
        assert miss.headers["Content-Type"] == hit.headers["Content-Type"]
    redis_client.set(key_of(task), "[]", ex=60)
    assert admin.get(path_of(task)).json == {"count": 0, "results": []}, "it was no hit"


def test_nobody_reads_the_administrators_day_or_that_of_another(ada, bob, eve, admin):
    mine = of_day(ada.create_task())
    shared = of_day(ada.create_task(assignee=bob.id))
    path = path_of(mine)

    for _ in ("miss", "hit"):
        assert admin.get(path).json["results"] == [shared, mine]
        assert ada.get(path).json["results"] == [shared, mine]
        assert bob.get(path).json["results"] == [shared]
        assert eve.get(path).json == {"count": 0, "results": []}


def test_the_cache_is_filled_for_viewers_under_a_key_of_their_own(ada, redis_client):
    task = of_day(ada.create_task())

    ada.get(path_of(task))

    assert not redis_client.exists(key_of(task))
    viewers = f"{key_of(task)}:viewers"
    (viewer,) = redis_client.hkeys(viewers)
    assert viewer.startswith(f"{ada.id}:")
    assert 0 < redis_client.ttl(viewers) <= 3600


def test_every_change_is_seen_by_the_very_next_reader(ada, bob, admin):
    first = of_day(ada.create_task(title="first"))
    path = path_of(first)

    def fill():
        return [person.get(path).json["results"] for person in (admin, ada, bob)]

    fill()
    second = of_day(ada.create_task(title="second", assignee=bob.id))
    assert fill() == [[second, first], [second, first], [second]]
    changed = of_day(ada.patch(f"{TASKS}{first['id']}/", json={"assignee": bob.id}).json)
    assert fill() == [[second, changed]] * 3
    ada.delete(f"{TASKS}{second['id']}/")
    assert fill() == [[changed]] * 3
    restored = of_day(ada.post(f"{TASKS}{second['id']}/restore/").json)
    assert fill() == [[restored, changed]] * 3
    replaced = of_day(ada.put(f"{TASKS}{first['id']}/", json={"title": "replaced"}).json)
    assert fill() == [[restored, replaced], [restored, replaced], [restored]]


def test_the_cache_is_invalid_before_the_answer_leaves(ada, admin, redis_client):
    task = of_day(ada.create_task())
    for change in (
        ada.create_task,
        lambda: ada.patch(f"{TASKS}{task['id']}/", json={"title": "new"}),
        lambda: ada.delete(f"{TASKS}{task['id']}/"),
    ):
        admin.get(path_of(task))
        ada.get(path_of(task))
        change()
        assert not redis_client.exists(key_of(task), f"{key_of(task)}:viewers")


def test_a_change_that_is_refused_leaves_the_cache(ada, admin, redis_client):
    task = of_day(ada.create_task())
    admin.get(path_of(task))

    assert ada.patch(f"{TASKS}{task['id']}/", json={"title": ""}).status_code == 422

    assert redis_client.exists(key_of(task))


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_a_reader_who_asked_before_the_change_cannot_store_after_it(
    app, ada, redis_client, monkeypatch, role
):
    task = of_day(ada.create_task(title="old"))
    day = date.fromisoformat(task["created_at"][:10])
    actor = Actor(ada.id, "ada", role, "UTC", "")
    read = by_date._from_database

    def read_then_lose_the_race(*arguments):
        found = read(*arguments)
        ada.patch(f"{TASKS}{task['id']}/", json={"title": "new"})
        return found

    monkeypatch.setattr(by_date, "_from_database", read_then_lose_the_race)
    with app.app_context():
        outdated = json.loads(by_date.tasks_of_day(day, actor))
    monkeypatch.undo()

    assert [t["title"] for t in outdated] == ["old"]
    assert not redis_client.exists(key_of(task), f"{key_of(task)}:viewers")
    assert [t["title"] for t in ada.get(path_of(task)).json["results"]] == ["new"]


def test_the_day_is_one_of_the_services_zone(app, ada, redis_client):
    with app.app_context():
        assert by_date._zone().key == "UTC"
    late, early = ada.create_task(), ada.create_task()
    moments = {
        late["id"]: datetime(2025, 4, 6, 23, 59, 59, 999_000, UTC),
        early["id"]: datetime(2025, 4, 6, tzinfo=UTC),
    }
    with app.app_context(), unit_of_work() as session:
        for task_id, moment in moments.items():
            session.execute(update(Task).where(Task.id == task_id).values(created_at=moment))

    found = ada.get(f"{TASKS}by-date/2025-04-06/").json["results"]

    assert [t["id"] for t in found] == [late["id"], early["id"]]
    assert ada.get(f"{TASKS}by-date/2025-04-07/").json["count"] == 0
    assert ada.get(f"{TASKS}by-date/2025-04-05/").json["count"] == 0


@pytest.mark.parametrize(
    "day",
    [
        "today",
        "2025-02-30",
        "2025-13-01",
        "2025-4-6",
        "20250406",
        "2025-W14-7",
        "2025-04-06T00:00",
        "0000-01-01",
        "0001-01-01",
        "1899-12-31",
        "3000-01-01",
        "9999-12-31",
        "-025-04-06",
        "٢٠٢٥-٠٤-٠٦",
        "2025-04-06%00",
        "%ED%A0%80",
        "x" * 5000,
    ],
)
def test_what_is_no_date_answers_400(ada, redis_client, day):
    answer = ada.get(f"{TASKS}by-date/{day}/")

    assert answer.status_code == 400, answer.text
    assert answer.mimetype == "application/problem+json"
    assert list(redis_client.scan_iter("task:*")) == []


def test_the_first_and_the_last_day_answer(ada):
    for day in ("1900-01-01", "2999-12-31"):
        assert ada.get(f"{TASKS}by-date/{day}/").json == {"count": 0, "results": []}


def test_without_redis_the_day_is_still_right(app, ada, admin, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    monkeypatch.setitem(app.extensions, "cache", Cache(closed))

    task = of_day(ada.create_task())
    assert admin.get(path_of(task)).json["results"] == [task]
    changed = of_day(ada.patch(f"{TASKS}{task['id']}/", json={"title": "new"}).json)

    for person in (admin, ada):
        assert person.get(path_of(task)).json["results"] == [changed]
    assert app.extensions["cache"].stale
