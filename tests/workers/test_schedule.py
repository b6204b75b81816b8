"""Which moments are caught up with after a time in which beat was down."""

from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab

from workers.factory import make_celery
from workers.schedule import SCHEDULE, OnTime

YESTERDAY = datetime(2026, 3, 30, 10, 0, 1, tzinfo=UTC)


@pytest.fixture
def at(app):
    """The schedule of 10:00 at a moment of 31 March."""
    celery = make_celery(app)

    def make(hour, minute, kind=OnTime):
        moment = datetime(2026, 3, 31, hour, minute, 3, tzinfo=UTC)
        return kind(hour=10, minute=0, nowfun=lambda: moment, app=celery)

    return make


@pytest.mark.parametrize(
    ("hour", "minute", "is_due"),
    [(9, 59, False), (10, 0, True), (10, 50, True), (11, 1, False), (18, 0, False)],
)
def test_a_reminder_comes_within_the_hour_or_not_at_all(at, hour, minute, is_due):
    state = at(hour, minute).is_due(YESTERDAY)

    assert state.is_due == is_due
    assert 0 < state.next <= timedelta(days=1).total_seconds()


def test_it_comes_once(at):
    ten = datetime(2026, 3, 31, 10, 0, 2, tzinfo=UTC)

    assert not at(10, 0).is_due(ten).is_due
    assert not at(10, 50).is_due(ten).is_due


def test_other_jobs_are_caught_up_with(at):
    assert at(18, 0, crontab).is_due(YESTERDAY).is_due


def test_the_reminder_is_the_entry_of_the_document():
    entry = SCHEDULE["send_notifications_at_10_am"]

    assert entry["schedule"] == OnTime(hour=10, minute=0)
    assert entry["options"] == {"expires": 3600}
