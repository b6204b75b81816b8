"""Mails wait for the end of their reader's quiet hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core import clock
from app.notifications.quiet_hours import QuietHours, end_of_quiet
from tests.workers.support import deliver_all, deliveries, events, execute, let_pass, relay

QUIET = "/api/v1/notifications/quiet-hours/"
BERLIN = ZoneInfo("Europe/Berlin")
# A night in which clocks go forward, and one in which they go back.
SPRING, AUTUMN = (2026, 3, 29), (2026, 10, 25)


@pytest.fixture
def turn(monkeypatch):
    """Sets the service's clock."""

    def to(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    return to


def set_quiet(person, quiet_from="22:00", quiet_until="07:00"):
    span = {"quiet_from": quiet_from, "quiet_until": quiet_until}
    answer = person.put(QUIET, json=span)
    assert answer.status_code == 200, answer.text


def at(*parts, zone=BERLIN, fold=0):
    return datetime(*parts, tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("span", "now", "end"),
    [
        (("22:00", "07:00"), at(2026, 6, 1, 23, 0), at(2026, 6, 2, 7, 0)),
        (("22:00", "07:00"), at(2026, 6, 2, 6, 59), at(2026, 6, 2, 7, 0)),
        (("22:00", "07:00"), at(2026, 6, 2, 22, 0), at(2026, 6, 3, 7, 0)),
        (("22:00", "07:00"), at(2026, 6, 2, 7, 0), None),
        (("22:00", "07:00"), at(2026, 6, 2, 21, 59), None),
        (("12:00", "13:00"), at(2026, 6, 2, 12, 30), at(2026, 6, 2, 13, 0)),
        (("12:00", "13:00"), at(2026, 6, 2, 13, 0), None),
        (("22:00", "00:00"), at(2026, 6, 2, 23, 59), at(2026, 6, 3, 0, 0)),
        (("00:00", "07:00"), at(2026, 6, 2, 0, 0), at(2026, 6, 2, 7, 0)),
        (("22:00", "07:00"), at(*SPRING, 1, 30), at(*SPRING, 7, 0)),
        (("22:00", "07:00"), at(*AUTUMN, 2, 30, fold=1), at(*AUTUMN, 7, 0)),
        # Half past two is not there in spring, and twice in autumn.
        (("22:00", "02:30"), at(*SPRING, 1, 59), at(*SPRING, 3, 30)),
        (("02:30", "02:45"), at(*SPRING, 3, 40), at(*SPRING, 3, 45)),
        (("02:30", "04:00"), at(*AUTUMN, 2, 10, fold=1), at(*AUTUMN, 4, 0)),
    ],
)
def test_the_hours_are_those_of_the_clock_on_the_readers_wall(span, now, end):
    start, until = map(time.fromisoformat, span)

    assert end_of_quiet(QuietHours(quiet_from=start, quiet_until=until), BERLIN, now) == end


def test_a_mail_waits_for_the_end_and_counts_no_attempt(app, ada, bob, mails, turn):
    bob.patch("/api/v1/auth/users/me/", json={"timezone": "Europe/Berlin"})
    set_quiet(bob)
    ada.create_task(title="In the night", assignee=bob.id)
    turn(at(2026, 11, 21, 23, 0))
    deliver_all(app)

    (delivery,) = deliveries(app)
    assert mails() == []
    assert (delivery.state, delivery.attempts, delivery.lease_until) == ("pending", 0, None)
    waits = delivery.next_at - delivery.created_at
    assert timedelta(hours=8) <= waits < timedelta(hours=8, minutes=1)

    turn(at(2026, 11, 22, 7, 0))
    let_pass(app, timedelta(hours=8, minutes=1))
    deliver_all(app)
    assert [mail["Subject"] for mail in mails()] == ["ada assigned you: In the night"]


def test_everybody_has_the_own_hours(app, ada, bob, eve, mails, turn):
    set_quiet(bob)
    set_quiet(eve, "12:00", "13:00")
    turn(at(2026, 11, 21, 23, 0, zone=UTC))
    for person in (bob, eve):
        ada.create_task(title=f"For {person.username}", assignee=person.id)
    deliver_all(app)

    assert [mail["Subject"] for mail in mails()] == ["ada assigned you: For eve"]


def test_in_the_morning_the_night_is_one_mail(app, ada, bob, mails, turn, change_settings):
    change_settings(EMAIL_DIGEST_SECONDS=60)
    task = ada.create_task(title="Plan", assignee=bob.id)
    relay(app)
    execute(app, "DELETE FROM deliveries")
    set_quiet(bob)
    turn(at(2026, 11, 21, 23, 0, zone=UTC))
    for hour in range(3):
        ada.patch(f"/api/v1/tasks/{task['id']}/", json={"title": f"Plan {hour}"})
        relay(app)
        let_pass(app, timedelta(hours=1))
        deliver_all(app)
    assert mails() == []
    assert {delivery.attempts for delivery in deliveries(app)} == {0}

    turn(at(2026, 11, 22, 7, 0, zone=UTC))
    let_pass(app, timedelta(hours=24))
    deliver_all(app)

    (mail,) = mails()
    assert "- Title: Plan -> Plan 2" in mail.get_body(("plain",)).get_content()
    assert {delivery.state for delivery in deliveries(app)} == {"done"}


def test_a_test_mail_is_sent_at_once(app, ada, mails, turn):
    set_quiet(ada)
    turn(at(2026, 11, 21, 23, 0, zone=UTC))
    assert ada.post("/api/v1/notifications/test/", json={}).status_code == 202
    deliver_all(app)

    assert [mail["Subject"] for mail in mails()] == ["Test: e-mail works"]


def test_a_mail_that_waits_for_days_is_not_given_up(app, ada, bob, mails, turn):
    set_quiet(bob)
    ada.create_task(assignee=bob.id)
    turn(at(2026, 11, 21, 23, 0, zone=UTC))
    for _ in range(4):
        deliver_all(app)
        let_pass(app, timedelta(hours=24))

    (delivery,) = deliveries(app)
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_quiet_hours_are_set_changed_and_given_up(app, bob):
    none = {"quiet_from": None, "quiet_until": None, "timezone": "UTC"}
    night = {"quiet_from": "22:00", "quiet_until": "07:00", "timezone": "UTC"}
    assert bob.get(QUIET).json == none
    set_quiet(bob)
    set_quiet(bob)
    assert bob.get(QUIET).json == night
    set_quiet(bob, "23:30", "06:15")
    assert bob.get(QUIET).json == night | {"quiet_from": "23:30", "quiet_until": "06:15"}
    assert bob.delete(QUIET).status_code == 204
    assert bob.delete(QUIET).status_code == 204
    assert bob.get(QUIET).json == none

    relay(app)
    recorded = [event for event in events(app) if event.type == "quiet_hours.updated"]
    assert [event.changes["quiet_from"] for event in recorded] == [
        [None, "22:00"],
        ["22:00", "23:30"],
        ["23:30", None],
    ]


@pytest.mark.parametrize(
    ("span", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "24:00", "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "10pm", "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": 22, "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": None, "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "22:00", "quiet_until": "07:00", "user": 1}, "user"),
    ],
)
def test_what_is_no_span_of_the_day_is_refused_by_name(bob, span, field):
    answer = bob.put(QUIET, json=span)

    assert answer.status_code == 422, answer.text
    assert list(answer.json["errors"]) == [field]
    assert bob.get(QUIET).json["quiet_from"] is None
