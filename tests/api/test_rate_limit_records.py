"""Limited requests are counted in Redis and written down hour by hour."""

import socket
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from app import create_app
from app.core import clock, limit_counts, purging
from app.core.db import unit_of_work
from app.core.limit_counts import ROOM_FOR_USERS, Caller, Uses
from app.extensions import db, limiter
from app.ratelimits import jobs, service
from benchmarks.plans import explain, recorded, sequential_scans
from tests.api.conftest import TASKS, at_once

RECORDS = "/api/v1/admin/rate-limits/"
LIST, SHOW = "GET /api/v1/tasks/", "GET /api/v1/tasks/{task_id}/"
HOUR = datetime(2026, 3, 31, 12, tzinfo=UTC)
ANNA = Caller(0, LIST, "192.0.2.1")

MANY = """
INSERT INTO rate_limit_records (user_id, address, endpoint, window_start, requests, rejected)
SELECT CASE WHEN n % 2 = 0 THEN 1 + n % 500 END,
       CASE WHEN n % 2 = 1 THEN '192.0.2.' || n % 250 END,
       'GET /api/v1/' || n, now() - n % 2000 * interval '1 hour', 10 + n % 100, n % 10
FROM generate_series(1, 100000) AS n
"""


@pytest.fixture
def flush(app):
    """Runs the job as beat does; answers what it says."""

    def run():
        with app.app_context():
            return jobs.flush_rate_limit_records()

    return run


@pytest.fixture
def at(monkeypatch):
    """Sets the clock to so long after HOUR."""

    def turn(**difference):
        moment = HOUR + timedelta(**difference)
        monkeypatch.setattr(clock, "now", lambda: moment)

    return turn


@pytest.fixture
def rebound(app, settings):
    """Make variants of the application and bind the limiter back to the shared one afterwards."""
    kept = dict(vars(limiter))

    def make(**changes):
        return create_app(settings.model_copy(update=changes))

    yield make
    vars(limiter).clear()
    vars(limiter).update(kept)


@pytest.fixture
def stored(rows):
    def read():
        return rows(
            "SELECT user_id, address, endpoint, requests, rejected FROM rate_limit_records"
            " ORDER BY window_start, endpoint, user_id, address"
        )

    return read


def uses(redis_client):
    """Everything that is counted in Redis."""
    keys = redis_client.keys(f"{limit_counts.PREFIX}*")
    return {key: redis_client.hgetall(key) for key in keys}


def test_requests_are_counted_by_user_endpoint_and_outcome(app, ada, bob, client, flush, stored):
    task = ada.create_task()
    for _ in range(3):
        ada.get(f"{TASKS}?page_size=5")
    for number in (task["id"], 999):
        bob.get(f"{TASKS}{number}/")
    client.get(TASKS, environ_base={"REMOTE_ADDR": "2001:db8::1"})
    client.get("/livez")
    client.get("/nowhere")

    assert flush() == "4 records written, 0 old ones deleted"

    assert stored() == [
        (ada.id, None, LIST, 3, 0),
        (None, "2001:db8::1", LIST, 1, 0),
        (bob.id, None, SHOW, 2, 0),
        (ada.id, None, "POST /api/v1/tasks/", 1, 0),
    ]


def test_what_is_rejected_is_counted_as_such(rebound, ada, flush, stored):
    small = rebound(THROTTLE_USER_RATE="5/hour", THROTTLE_ANON_RATE="2/hour").test_client()

    codes = [small.get(TASKS, headers=ada.headers).status_code for _ in range(8)]
    anonymous = [small.get(TASKS).status_code for _ in range(3)]

    assert (codes, anonymous) == ([200] * 5 + [429] * 3, [401, 401, 429])
    flush()
    assert stored() == [(ada.id, None, LIST, 8, 3), (None, "127.0.0.1", LIST, 3, 1)]


def test_flushing_twice_or_several_at_once_counts_nothing_twice(ada, flush, stored):
    for _ in range(5):
        ada.get(TASKS)

    said = at_once([flush] * 4)
    assert flush() == "0 records written, 0 old ones deleted"

    assert "1 records written, 0 old ones deleted" in said
    assert stored() == [(ada.id, None, LIST, 5, 0)]
    ada.get(TASKS)
    assert flush() == "1 records written, 0 old ones deleted"
    assert stored() == [(ada.id, None, LIST, 6, 0)]


def test_counting_and_flushing_at_the_same_time_lose_nothing(app, ada, flush, stored):
    def ask():
        client = app.test_client()
        return [client.get(TASKS, headers=ada.headers).status_code for _ in range(25)]

    at_once([ask, ask, ask, lambda: [flush() for _ in range(20)]])
    flush()

    assert stored() == [(ada.id, None, LIST, 75, 0)]


def test_a_window_stays_in_redis_until_no_request_can_be_counted_in_it(
    app, at, flush, stored, redis_client
):
    at(minutes=59)
    count(app)
    at(hours=1, minutes=59)
    assert flush().startswith("1 records")
    # One that took long is counted in the hour in which it ends, so in this one.
    assert len(uses(redis_client)) == 1
    at(minutes=59)
    count(app)
    at(hours=2, minutes=1)
    assert flush().startswith("1 records")

    assert uses(redis_client) == {}
    assert stored() == [(None, "192.0.2.1", LIST, 2, 0)]
    assert flush().startswith("0 records")


def count(app, times=1, *, rejected=False):
    with app.test_request_context(TASKS, environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        for _ in range(times):
            limit_counts.count_request(rejected=rejected)


def test_each_hour_has_records_of_its_own(app, at, flush, rows):
    for hours, times in ((0, 2), (1, 3)):
        at(hours=hours, minutes=30)
        count(app, times)

    assert flush() == "2 records written, 0 old ones deleted"
    found = rows("SELECT window_start, requests FROM rate_limit_records ORDER BY 1")
    assert found == [(HOUR, 2), (HOUR + timedelta(hours=1), 3)]


@pytest.mark.parametrize("moment", ["unit_of_work", "take_over", "forget_counts"])
def test_killed_in_the_middle_nothing_is_lost_or_doubled(
    app, at, flush, stored, monkeypatch, moment
):
    at()
    count(app, 4)
    count(app, 2, rejected=True)
    at(hours=3)

    def die(*_args, **_kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(jobs, moment, die)
        with pytest.raises(SystemExit):
            flush()
    flush()
    flush()

    assert stored() == [(None, "192.0.2.1", LIST, 6, 2)]


def test_killed_before_the_commit_the_next_run_writes_it(app, at, flush, stored):
    at()
    count(app, 4)

    def die_before_the_commit():
        with app.app_context(), unit_of_work() as session:
            service.take_over(session, HOUR, [(ANNA, Uses(4, 0))])
            raise SystemExit

    with pytest.raises(SystemExit):
        die_before_the_commit()
    assert stored() == []
    flush()

    assert stored() == [(None, "192.0.2.1", LIST, 4, 0)]


def test_where_redis_has_lost_its_counts_the_higher_ones_stay(app, at, flush, stored, redis_client):
    at()
    count(app, 5)
    count(app, 3, rejected=True)
    flush()
    redis_client.flushdb()
    count(app, 2)
    assert flush().startswith("0 records")
    assert stored() == [(None, "192.0.2.1", LIST, 8, 3)]
    count(app, 7)
    flush()

    assert stored() == [(None, "192.0.2.1", LIST, 9, 3)]


def test_more_than_one_batch(app, at, flush, stored, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 7)
    at()
    for number in range(30):
        address = f"192.0.2.{number}"
        with app.test_request_context(TASKS, environ_base={"REMOTE_ADDR": address}):
            limit_counts.count_request(rejected=False)

    said = at_once([flush] * 3)

    assert sum(int(each.split()[0]) for each in said) == 30
    assert [requests for *_, requests, _ in stored()] == [1] * 30


def come(app, *addresses, path=TASKS, rejected=False):
    for address in addresses:
        with app.test_request_context(path, environ_base={"REMOTE_ADDR": address}):
            limit_counts.count_request(rejected=rejected)


@pytest.fixture
def small_room(monkeypatch):
    monkeypatch.setattr(limit_counts, "ROOM_FOR_ADDRESSES", 3)
    monkeypatch.setattr(limit_counts, "ROOM_FOR_USERS", 5)


def test_addresses_beyond_the_room_are_counted_as_others(app, at, flush, stored, small_room):
    at()
    come(app, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5")
    come(app, "192.0.2.1", "192.0.2.4")
    come(app, "192.0.2.1", "192.0.2.6", rejected=True)
    come(app, "192.0.2.7", path=f"{TASKS}1/")
    flush()

    assert stored() == [
        (None, "192.0.2.1", LIST, 2, 0),
        (None, "192.0.2.2", LIST, 1, 0),
        (None, "192.0.2.3", LIST, 1, 0),
        (None, "others", LIST, 5, 2),
        (None, "others", SHOW, 1, 0),
    ]


def test_users_have_room_where_addresses_have_none(
    app, ada, bob, client, flush, stored, small_room, redis_client
):
    redis_client.flushdb()
    for number in range(9):
        client.get(TASKS, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
    for _ in range(2):
        ada.get(TASKS)
    bob.get(TASKS)
    flush()

    assert stored() == [
        (ada.id, None, LIST, 2, 0),
        (None, "192.0.2.0", LIST, 1, 0),
        (None, "192.0.2.1", LIST, 1, 0),
        (None, "192.0.2.2", LIST, 1, 0),
        (None, "others", LIST, 7, 0),
    ]


def test_of_many_who_come_at_once_none_is_lost_and_no_more_find_room(app, at, small_room, flush):
    at()

    def several(thread):
        come(app, *(f"10.0.{thread}.{number}" for number in range(20)))

    at_once([partial(several, thread) for thread in range(6)])

    with app.app_context():
        counts = limit_counts.counts_of(HOUR)
    assert len(counts) == 4
    assert counts[Caller(0, LIST, "others")] == Uses(117, 0)


def test_counts_expire_where_no_job_ever_runs(app, at, redis_client):
    at()
    count(app)

    (key,) = uses(redis_client)
    assert 0 < redis_client.ttl(key) <= limit_counts.KEPT.total_seconds()


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_without_redis_requests_are_answered_as_fast_and_the_job_says_so(rebound, closed_port, ada):
    url = f"redis://127.0.0.1:{closed_port}/0"
    lonely = rebound(REDIS_URL=url, CACHE_REDIS_URL=url)
    client = lonely.test_client()
    client.get(TASKS, headers=ada.headers)

    started = time.perf_counter()
    codes = [client.get(TASKS, headers=ada.headers).status_code for _ in range(20)]
    took = time.perf_counter() - started

    assert codes == [200] * 20
    assert took < 10
    result = lonely.test_cli_runner().invoke(args=["jobs", "run", "flush_rate_limit_records"])
    assert result.output == "Redis does not answer, 0 old ones deleted\n"


def test_a_silent_redis_costs_a_moment_and_not_every_request(rebound, settings, ada):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        # The limits themselves are in the good one: what is measured is the counting.
        client = rebound(CACHE_REDIS_URL=url).test_client()
        started = time.perf_counter()
        codes = [client.get(TASKS, headers=ada.headers).status_code for _ in range(20)]
        took = time.perf_counter() - started

    assert codes == [200] * 20
    assert took < 10


def test_records_are_forgotten_after_90_days(app, ada, flush, rows, monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 10)
    rows(MANY.replace("100000", "35").replace("n % 2000 * interval '1 hour'", "interval '91 days'"))
    rows("UPDATE rate_limit_records SET window_start = now() - interval '89 days' WHERE id <= 3")

    assert flush() == "0 records written, 32 old ones deleted"
    assert rows("SELECT count(*) FROM rate_limit_records") == [(3,)]


# Reading.


def make(rows, *records):
    for user, address, endpoint, hours, requests, rejected in records:
        rows(
            "INSERT INTO rate_limit_records"
            " (user_id, address, endpoint, window_start, requests, rejected)"
            " VALUES (:user, :address, :endpoint, :at, :requests, :rejected)",
            user=user, address=address, endpoint=endpoint, at=HOUR + timedelta(hours=hours),
            requests=requests, rejected=rejected,
        )  # fmt: skip


@pytest.fixture
def known(ada, bob, rows):
    make(
        rows,
        (ada.id, None, LIST, 0, 10, 1),
        (bob.id, None, LIST, 1, 30, 9),
        (None, "192.0.2.1", SHOW, 2, 20, 5),
        (ada.id, None, SHOW, 24, 5, 0),
    )


def found(admin, query=""):
    answer = admin.get(f"{RECORDS}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json["count"] == len(answer.json["results"])
    return [row["id"] for row in answer.json["results"]]


def test_an_administrator_reads_them_newest_first(admin, ada, known):
    results = admin.get(RECORDS).json["results"]

    assert [row["id"] for row in results] == [4, 3, 2, 1]
    assert results[0]["user"] == {"id": ada.id, "username": "ada"}
    assert results[1] == {
        "id": 3,
        "user": None,
        "address": "192.0.2.1",
        "endpoint": SHOW,
        "window_start": "2026-03-31T14:00:00.000Z",
        "requests": 20,
        "rejected": 5,
    }


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?user={ada}", [4, 1]),
        ("?user=999", []),
        (f"?endpoint={LIST}", [2, 1]),
        ("?endpoint=GET", []),
        ("?from=2026-03-31T13:00:00Z", [4, 3, 2]),
        ("?to=2026-03-31T13:00:00Z", [2, 1]),
        ("?from=2026-03-31&to=2026-03-31", [3, 2, 1]),
        ("?from=2026-04-01", [4]),
        ("?user={ada}&from=2026-04-01", [4]),
        ("?ordering=-rejected", [2, 3, 1, 4]),
        ("?ordering=rejected", [4, 1, 3, 2]),
        ("?ordering=-requests", [2, 3, 1, 4]),
        ("?ordering=window_start", [1, 2, 3, 4]),
    ],
)
def test_filters_and_orders(admin, ada, known, query, ids):
    assert found(admin, query.format(ada=ada.id)) == ids


def test_pages_by_number(admin, known):
    first = admin.get(f"{RECORDS}?page_size=3").json
    second = admin.get(first["next"]).json

    assert (first["count"], first["previous"]) == (4, None)
    assert [row["id"] for row in first["results"] + second["results"]] == [4, 3, 2, 1]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    ["user=x", "user=0", "endpoint=", "from=x", "to=2026-13-01", "ordering=id", "page=0",
     "page_size=101", "limit=1"],
)  # fmt: skip
def test_a_bad_query_is_refused_with_the_name_of_the_parameter(admin, query):
    answer = admin.get(f"{RECORDS}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [query.partition("=")[0]])


def test_others_are_told_which_role_it_needs(ada, client, known):
    answer = ada.get(RECORDS)

    assert (answer.status_code, answer.json["detail"]) == (403, "This needs the role ADMIN.")
    assert client.get(RECORDS).status_code == 401


def test_a_hundred_thousand_records_are_read_by_an_index(app, admin, rows):
    rows(MANY)
    with app.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE rate_limit_records"))
        day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
        for query in ("", "?user=77", f"?from={day}&ordering=-rejected"):
            with recorded(db.engine) as queries:
                assert admin.get(f"{RECORDS}{query}").status_code == 200
            for statement, values in queries.statements:
                if "FROM rate_limit_records" not in statement:
                    continue
                plan = explain(db.engine, statement, values)
                print(f"{query:45} {plan['Execution Time']:7.1f} ms")
                if query or "count(" not in statement:
                    assert not sequential_scans(plan, "rate_limit_records"), query


def test_a_window_without_any_room_left_is_flushed_in_seconds(app, at, flush, redis_client, rows):
    at()
    counted = {
        f"accepted|0|{LIST}|10.0.{number // 256}.{number % 256}": 3
        for number in range(ROOM_FOR_USERS)
    }
    redis_client.hset(f"{limit_counts.PREFIX}2026-03-31T12", mapping=counted)

    started = time.perf_counter()
    assert flush().startswith("20000 records written")
    first = time.perf_counter() - started
    assert flush().startswith("0 records written")
    print(f"{first:.1f} s, then {time.perf_counter() - started - first:.1f} s")

    assert first < 60
    assert rows("SELECT count(*), sum(requests) FROM rate_limit_records") == [(20_000, 60_000)]
