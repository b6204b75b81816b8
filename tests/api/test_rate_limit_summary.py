"""Who, what and when was limited most, added up."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.extensions import db
from benchmarks.plans import explain, recorded, sequential_scans

SUMMARY = "/api/v1/admin/rate-limits/summary/"
LIST, SHOW = "GET /api/v1/tasks/", "GET /api/v1/tasks/{task_id}/"
HOUR = datetime(2026, 3, 31, 12, tzinfo=UTC)
NUMBERS = ("requests", "rejected", "rejected_share", "first_window", "last_window")

MANY = """
INSERT INTO rate_limit_records (user_id, address, endpoint, window_start, requests, rejected)
SELECT CASE WHEN n % 2 = 0 THEN 1 + n % 500 END,
       CASE WHEN n % 2 = 1 THEN '192.0.2.' || n % 250 END,
       'GET /api/v1/' || n % 60, :until - n / 50 * interval '1 hour',
       10 + n % 100, n % 10
FROM generate_series(1, 100000) AS n ON CONFLICT DO NOTHING
"""


def iso(hours):
    return clock.iso(HOUR + timedelta(hours=hours))


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr("app.ratelimits.summary.clock.now", lambda: HOUR + timedelta(days=2))


@pytest.fixture
def known(ada, bob, rows, now):
    for user, address, endpoint, hours, requests, rejected in (
        (ada.id, None, LIST, 0, 10, 1),
        (ada.id, None, SHOW, 24, 5, 0),
        (bob.id, None, LIST, 1, 30, 9),
        (None, "192.0.2.1", SHOW, 1, 20, 5),
        (None, "192.0.2.1", LIST, 12, 10, 5),
        (None, "others", LIST, 1, 40, 0),
        (ada.id, None, LIST, -24 * 20, 100, 50),
    ):
        rows(
            "INSERT INTO rate_limit_records"
            " (user_id, address, endpoint, window_start, requests, rejected)"
            " VALUES (:user, :address, :endpoint, :at, :requests, :rejected)",
            user=user, address=address, endpoint=endpoint, at=HOUR + timedelta(hours=hours),
            requests=requests, rejected=rejected,
        )  # fmt: skip


def read(admin, by, query=""):
    """The groups in their order: what they are, then requests and rejected."""
    answer = admin.get(f"{SUMMARY}?group_by={by}{query}")
    assert answer.status_code == 200, answer.text
    results = answer.json["results"]
    assert answer.json["count"] == len(results)
    for row in results:
        assert set(row) == {by, *NUMBERS}
    return [(row[by], row["requests"], row["rejected"]) for row in results]


def test_by_user_with_names_and_all_who_had_not_signed_in_as_one(admin, ada, bob, known):
    assert read(admin, "user") == [
        (None, 70, 10),
        ({"id": bob.id, "username": "bob"}, 30, 9),
        ({"id": ada.id, "username": "ada"}, 15, 1),
    ]


def test_by_endpoint_which_is_what_is_added_up_by_where_nothing_is_said(admin, known):
    assert read(admin, "endpoint") == [(LIST, 90, 15), (SHOW, 25, 5)]
    first, second = admin.get(SUMMARY).json["results"]
    assert first == {
        "endpoint": LIST,
        "requests": 90,
        "rejected": 15,
        "rejected_share": 0.1667,
        "first_window": iso(0),
        "last_window": iso(12),
    }
    assert second["endpoint"] == SHOW


def test_by_address(admin, known):
    assert read(admin, "address") == [(None, 45, 10), ("192.0.2.1", 30, 10), ("others", 40, 0)]


def test_by_hour_and_by_day_in_the_time_zone_of_the_reader(admin, known):
    hours = [(iso(1), 90, 14), (iso(12), 10, 5), (iso(0), 10, 1), (iso(24), 5, 0)]
    assert read(admin, "hour") == hours
    assert read(admin, "day") == [("2026-03-31", 100, 15), ("2026-04-01", 15, 5)]
    admin.patch("/api/v1/auth/users/me/", json={"timezone": "America/New_York"})
    assert read(admin, "day") == [("2026-03-31", 110, 20), ("2026-04-01", 5, 0)]


@pytest.mark.parametrize(
    ("query", "requests"),
    [
        ("&from=2026-03-31T13:00:00Z", 105),
        ("&from=2026-03-31T13:00:00Z&to=2026-03-31T13:00:00Z", 90),
        ("&from=2026-03-31&to=2026-03-31", 100),
        ("&from=2026-04-02", None),
        ("&to=2026-03-12&from=2026-03-11", 100),
        ("&from=2026-03-11&to=2026-04-10", 215),
        ("&user={ada}", 15),
        (f"&endpoint={SHOW}", 25),
        (f"&user={{ada}}&endpoint={SHOW}&from=2026-04-01", 5),
        ("&user=999", None),
    ],
)
def test_a_span_and_filters(admin, ada, known, query, requests):
    query = query.replace("{ada}", str(ada.id))
    found = admin.get(f"{SUMMARY}?group_by=user{query}").json["results"]

    assert (sum(row["requests"] for row in found) or None) == requests


def test_pages(admin, known):
    first = admin.get(f"{SUMMARY}?group_by=hour&page_size=3").json
    second = admin.get(first["next"]).json

    assert (first["count"], second["count"], second["next"]) == (4, 4, None)
    found = [row["hour"] for row in first["results"] + second["results"]]
    assert found == [iso(1), iso(12), iso(0), iso(24)]
    beyond = admin.get(f"{SUMMARY}?group_by=hour&page=7").json
    assert (beyond["count"], beyond["results"]) == (4, [])


def test_nothing_known_is_an_empty_list(admin, now):
    answer = admin.get(f"{SUMMARY}?group_by=user").json

    assert answer == {"count": 0, "next": None, "previous": None, "results": []}


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("group_by=browser", "group_by", "Must be one of: user, endpoint, address, hour, day"),
        ("from=x", "from", "must be a date"),
        ("from=2026-04-01&to=2026-03-31", "from", "must not be after to"),
        ("from=2026-04-03", "from", "must not be after to"),
        ("from=2026-03-01&to=2026-04-01", "from", "must be at most 31 days before to"),
        ("from=0001-01-01", "from", "must lie between"),
        ("user=0", "user", "must be an id"),
        ("endpoint=", "endpoint", "must not be blank"),
        ("ordering=requests", "ordering", "There is no such parameter"),
        ("page=0", "page", "must be 1 to"),
        ("page_size=101", "page_size", ""),
    ],
)
def test_a_bad_query_is_refused_with_the_name_of_the_parameter(admin, now, query, field, words):
    answer = admin.get(f"{SUMMARY}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert words.lower() in answer.json["errors"][field][0].lower()


def test_others_are_told_which_role_it_needs(ada, client):
    answer = ada.get(SUMMARY)

    assert (answer.status_code, answer.json["detail"]) == (403, "This needs the role ADMIN.")
    assert client.get(SUMMARY).status_code == 401


def test_a_hundred_thousand_records_are_read_by_an_index(app, admin, rows, now):
    rows(MANY, until=HOUR + timedelta(days=2))
    with app.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE rate_limit_records"))
        for by in ("user", "endpoint", "address", "hour", "day"):
            with recorded(db.engine) as queries:
                assert admin.get(f"{SUMMARY}?group_by={by}").json["count"] > 7
            (read,) = (s for s in queries.statements if "FROM rate_limit_records" in s[0])
            plan = explain(db.engine, *read)
            print(f"{by:10} {plan['Execution Time']:7.1f} ms")
            assert not sequential_scans(plan, "rate_limit_records"), by
