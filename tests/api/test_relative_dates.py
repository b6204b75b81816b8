"""Days are those of the reader's zone, also where clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core import clock
from app.tasks.due import day_bounds, due_instant
from app.tasks.relative import Relative, parse_relative

TASKS = "/api/v1/tasks/"
ME = "/api/v1/auth/users/me/"
CHANGES = [
    ("Europe/Berlin", "2026-03-29", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("America/Santiago", "2026-04-04", 25),
    ("America/Santiago", "2026-09-06", 23),  # midnight does not exist
    ("Africa/Cairo", "2026-04-24", 23),  # midnight does not exist
    ("Africa/Cairo", "2026-10-29", 25),
    ("Asia/Kathmandu", "2026-03-29", 24),
]


@pytest.fixture
def at(monkeypatch):
    """Stops the clock."""

    def stop(moment):
        fixed = datetime.fromisoformat(moment).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: fixed)

    return stop


@pytest.mark.parametrize(("zone", "day", "hours"), CHANGES)
def test_a_day_is_as_long_as_it_is_there_and_days_join_without_a_gap(zone, day, hours):
    zone, day = ZoneInfo(zone), date.fromisoformat(day)

    start, end = day_bounds(day, zone)

    assert end - start == timedelta(hours=hours)
    assert day_bounds(day - timedelta(days=1), zone)[1] == start
    assert day_bounds(day + timedelta(days=1), zone)[0] == end
    assert start.astimezone(zone).date() == day
    assert due_instant(day, zone) == end - timedelta(seconds=1)


@pytest.mark.parametrize(("zone", "day", "hours"), CHANGES)
def test_due_today_is_what_is_due_on_the_readers_day(ada, at, zone, day, hours):
    assert ada.patch(ME, json={"timezone": zone}).status_code == 200
    start, end = day_bounds(date.fromisoformat(day), ZoneInfo(zone))
    second = timedelta(seconds=1)
    moments = {"before": start - second, "first": start, "last": end - second, "after": end}
    for title, moment in moments.items():
        ada.create_task(title=title, due_date=moment.isoformat())
    bare = ada.create_task(title="bare", due_date=day)
    assert bare["due_date"] == clock.iso(end - second)

    for now in (start, start + timedelta(hours=hours / 2), end - second):
        at(now.isoformat())
        found = {
            query: sorted(t["title"] for t in ada.get(f"{TASKS}?{query}").json["results"])
            for query in ("due_date=today", f"due_date={day}", "due_date_lt=today",
                          "due_date_gt=today", "due_date_gte=tomorrow", "due_date_lte=yesterday")
        }  # fmt: skip
        assert found["due_date=today"] == found[f"due_date={day}"] == ["bare", "first", "last"]
        assert found["due_date_lt=today"] == found["due_date_lte=yesterday"] == ["before"]
        assert found["due_date_gt=today"] == found["due_date_gte=tomorrow"] == ["after"]


def test_the_same_words_mean_other_days_to_readers_elsewhere(ada, bob, at):
    ada.patch(ME, json={"timezone": "Pacific/Auckland"})
    bob.patch(ME, json={"timezone": "Pacific/Honolulu"})
    at("2026-11-21T11:30:00+00:00")  # the 22nd in Auckland, the 21st in Honolulu
    for person in (ada, bob):
        person.create_task(title="his day", due_date="2026-11-21")
        person.create_task(title="the next", due_date="2026-11-22")

    def titles(person):
        return [t["title"] for t in person.get(f"{TASKS}?due_date=today").json["results"]]

    assert (titles(ada), titles(bob)) == (["the next"], ["his day"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", date(2026, 1, 31)),
        ("tomorrow", date(2026, 2, 1)),
        ("yesterday", date(2026, 1, 30)),
        ("+7d", date(2026, 2, 7)),
        (" 7d", date(2026, 2, 7)),
        ("7d", date(2026, 2, 7)),
        ("-2w", date(2026, 1, 17)),
        ("+1m", date(2026, 2, 28)),
        ("+13m", date(2027, 2, 28)),
        ("-3m", date(2025, 10, 31)),
        ("+2y", date(2028, 1, 31)),
        ("-1y", date(2025, 1, 31)),
        ("now", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("+12h", datetime(2026, 2, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_distance_is_counted_from_now(at, text, expected):
    at("2026-01-31T12:00:00+00:00")

    assert parse_relative(text).resolve(ZoneInfo("UTC")) == expected


def test_a_leap_day_a_year_later_is_the_last_of_february(at):
    at("2028-02-29T12:00:00+00:00")

    assert Relative(1, "y").resolve(ZoneInfo("UTC")) == date(2029, 2, 28)


@pytest.mark.parametrize("text", ["todday", "+7", "7 d", "++7d", "+12345d", "+7x", "", "٣d"])
def test_what_is_no_date_is_refused_with_what_would_be_one(ada, text):
    answer = ada.get(TASKS, query_string={"due_date_lte": text})

    assert answer.status_code == 422
    assert "2026-03-31" in answer.json["errors"]["due_date_lte"][0]


@pytest.mark.parametrize("parameter", ["due_date", "due_date_not", "due_date_gte", "created_at_lt"])
def test_a_plus_sign_that_arrives_as_a_space_is_meant_as_one(ada, parameter):
    assert ada.get(f"{TASKS}?{parameter}=+7d").status_code == 200
    assert ada.get(f"{TASKS}?{parameter}=%2B7d").status_code == 200


@pytest.mark.parametrize("text", ["+9999y", "-9999y", "-9999m"])
def test_a_distance_beyond_the_calendar_is_refused_by_name(ada, text):
    answer = ada.get(TASKS, query_string={"due_date_lte": text})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["due_date_lte"])
