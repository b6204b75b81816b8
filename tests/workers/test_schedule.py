"""The moments of the table, in ordinary times and when clocks are changed."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab

from app.schedule.moments import Moments
from workers.factory import make_celery
from workers.schedule import SCHEDULE

BERLIN = ZoneInfo("Europe/Berlin")
# There, clocks skip 02:00 to 03:00 on the first day and show it twice on the second.
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(day, hour, minute=0, second=0):
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def of(day, when, zone=BERLIN):
    """The moments of one day, from midnight to midnight of the zone."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), start.timetz())
    second = timedelta(seconds=1)
    return when.between(start.astimezone(UTC) - second, end.astimezone(UTC) - second, zone)


def test_the_reminder_is_the_entry_of_the_document():
    assert SCHEDULE["send_notifications_at_10_am"]["schedule"] == crontab(hour=10, minute=0)


@pytest.mark.parametrize(
    ("now", "latest", "following"),
    [
        ("2026-07-01T07:59:59Z", "2026-06-30T08:00:00Z", "2026-07-01T08:00:00Z"),
        ("2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z", "2026-07-02T08:00:00Z"),
        ("2026-07-01T08:00:00.001Z", "2026-07-01T08:00:00Z", "2026-07-02T08:00:00Z"),
        # In winter 10:00 is 09:00 UTC.
        ("2026-03-29T07:00:00Z", "2026-03-28T09:00:00Z", "2026-03-29T08:00:00Z"),
        ("2026-10-25T09:30:00Z", "2026-10-25T09:00:00Z", "2026-10-26T09:00:00Z"),
        ("2026-12-31T23:30:00Z", "2026-12-31T09:00:00Z", "2027-01-01T09:00:00Z"),
    ],
)
def test_a_moment_is_a_time_of_the_service_s_zone(now, latest, following):
    ten, now = Moments(hour=10, minute=0), datetime.fromisoformat(now)

    assert ten.latest(now, BERLIN) == datetime.fromisoformat(latest)
    assert ten.following(now, BERLIN) == datetime.fromisoformat(following)


@pytest.mark.parametrize(
    ("day", "moment"),
    [(SPRING, utc(SPRING, 1, 30)), (AUTUMN, utc(AUTUMN, 0, 30))],
    ids=["skipped", "twice"],
)
def test_a_daily_moment_comes_once_when_clocks_skip_it_or_show_it_twice(day, moment):
    assert of(day, Moments(hour=2, minute=30)) == [moment]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_what_runs_every_hour_or_more_often_leaves_out_no_real_hour_and_doubles_none(day, hours):
    for when, step in [
        (Moments(minute=0), timedelta(hours=1)),
        (Moments(minute="*/5"), timedelta(minutes=5)),
        (Moments(), timedelta(minutes=1)),
    ]:
        moments = of(day, when)
        assert len(moments) == timedelta(hours=hours) / step
        assert {b - a for a, b in itertools.pairwise(moments)} == {step}


def test_latest_and_following_agree_with_the_list_across_both_changes():
    for day in (SPRING, AUTUMN):
        for when in (Moments(minute="*/20"), Moments(hour="1-3", minute=30)):
            start = utc(day, 0) - timedelta(days=2)
            moments = when.between(start, start + timedelta(days=5), BERLIN)
            for minute in range(0, 24 * 60, 7):
                now = utc(day, 0) + timedelta(minutes=minute)
                assert when.latest(now, BERLIN) == max(m for m in moments if m <= now)
                assert when.following(now, BERLIN) == min(m for m in moments if m > now)


def test_the_days_of_the_week_the_month_and_the_year_count():
    monday = Moments(hour=0, minute=0, day_of_week="mon")
    leap_day = Moments(hour=0, minute=0, day_of_month=29, month_of_year=2)
    now = utc(date(2026, 11, 21), 12)

    assert monday.following(now, ZoneInfo("UTC")) == utc(date(2026, 11, 23), 0)
    assert monday.latest(now, ZoneInfo("UTC")) == utc(date(2026, 11, 16), 0)
    assert leap_day.following(now, ZoneInfo("UTC")) == utc(date(2028, 2, 29), 0)
    assert leap_day.latest(now, ZoneInfo("UTC")) == utc(date(2024, 2, 29), 0)


@pytest.mark.parametrize(
    ("last_run", "is_due"),
    [
        (datetime(2026, 3, 30, 10, 0, 1, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 9, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 10, 0, 1, tzinfo=UTC), False),
    ],
)
def test_beat_sends_what_has_come_since_it_last_did(app, last_run, is_due):
    now = datetime(2026, 3, 31, 10, 20, tzinfo=UTC)
    ten = Moments(hour=10, minute=0, nowfun=lambda: now, app=make_celery(app))

    state = ten.is_due(last_run)

    assert (state.is_due, state.next) == (is_due, timedelta(hours=23, minutes=40).total_seconds())
