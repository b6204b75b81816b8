"""What the insight report tells of days and weeks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import TASKS

INSIGHT = "/api/v1/reports/insight/"
FILL = """
INSERT INTO tasks (title, description, status, priority, project_id, board_id, position,
                   reporter_id, assignee_id, due_date_only, sla_breached, version, created_at,
                   updated_at, completed_at, deleted_at)
VALUES ('T', '', CASE WHEN CAST(:completed AS timestamptz) IS NULL THEN 'TODO' ELSE 'DONE' END
        ::task_status, 'LOW', :project, :board, :position, :reporter, :assignee, false, false, 1,
        :created, now(), :completed, :deleted)
"""


@pytest.fixture
def add(rows, ada):
    """Adds tasks of other days: `add("2026-03-01T12:00Z", completed="2026-03-02T12:00Z")`."""
    places = iter(range(1000))

    def write(created, completed=None, *, reporter=ada, assignee=None, project=None, deleted=None):
        rows(
            FILL,
            created=created,
            completed=completed,
            reporter=reporter.id,
            assignee=assignee and assignee.id,
            project=project and project.id,
            board=project and project.board_id,
            position=project and f"a{next(places):04}V",
            deleted=deleted,
        )

    return write


def series(person, **query):
    answer = person.get(INSIGHT, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["over_time"]


def told(found):
    """The points in which something happened: day → created, completed."""
    points = {each["day"]: (each["created"], each["completed"]) for each in found["points"]}
    return {day: numbers for day, numbers in points.items() if numbers != (0, 0)}


def test_each_day_tells_what_was_created_and_completed_on_it(ada, add):
    add("2026-03-01T00:00Z", "2026-03-02T23:59:59.999Z")
    add("2026-03-01T23:59:59.999Z", "2026-03-03T00:00Z")
    add("2026-02-28T23:59:59.999Z", "2026-03-01T12:00Z")
    add("2026-03-04T00:00Z", "2026-03-04T00:00Z")

    found = series(ada, **{"from": "2026-03-01", "to": "2026-03-03"})

    assert found == {
        "from": "2026-03-01",
        "to": "2026-03-03",
        "timezone": "UTC",
        "step": "day",
        "points": [
            {"day": "2026-03-01", "created": 2, "completed": 1},
            {"day": "2026-03-02", "created": 0, "completed": 1},
            {"day": "2026-03-03", "created": 0, "completed": 1},
        ],
    }


def test_the_last_thirty_days_are_told_unless_others_are_asked_for(ada):
    ada.create_task()
    ada.patch(f"{TASKS}{ada.create_task()['id']}/", json={"status": "DONE"})
    today = datetime.now(UTC).date()

    found = series(ada, over_time="true")

    assert (found["from"], found["to"]) == (str(today - timedelta(29)), str(today))
    assert [each["day"] for each in found["points"]] == [
        str(today - timedelta(n)) for n in range(29, -1, -1)
    ]
    assert told(found) == {str(today): (2, 1)}
    assert series(ada, **{"from": str(today)})["points"] == found["points"][-1:]
    earlier = series(ada, to=str(today - timedelta(1)))
    assert earlier["from"] == str(today - timedelta(30))
    assert len(earlier["points"]) == 30


def test_it_is_told_only_where_it_is_asked_for(ada):
    ada.create_task()

    plain = ada.get(INSIGHT).json
    assert "over_time" not in plain
    assert ada.get(f"{INSIGHT}?over_time=false").json == plain
    asked = ada.get(f"{INSIGHT}?over_time=true").json
    assert asked.items() >= plain.items()
    assert "over_time" not in ada.get("/api/task-report-insight/").json


def test_a_long_time_is_told_by_weeks_from_monday_on(ada, add):
    # 4 March 2026 was a Wednesday.
    for day in ("04", "08", "09", "15", "16"):
        add(f"2026-03-{day}T12:00Z")
    add("2026-03-03T12:00Z", "2026-04-04T23:00Z")

    found = series(ada, **{"from": "2026-03-04", "to": "2026-04-04"})

    days = ["2026-03-04", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]
    assert found["step"] == "week"
    assert [each["day"] for each in found["points"]] == days
    assert told(found) == {days[0]: (2, 0), days[1]: (2, 0), days[2]: (1, 0), days[4]: (0, 1)}
    assert series(ada, **{"from": "2026-03-05", "to": "2026-04-04"})["step"] == "day"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati"])
def test_days_are_those_of_the_person_also_where_clocks_change(ada, add, zone):
    ada.patch("/api/v1/auth/users/me/", json={"timezone": zone})
    changes = date(2026, 3, 8) if zone.startswith("America") else date(2026, 3, 29)
    for hour in range(-24, 48):
        midnight = datetime.combine(changes, datetime.min.time(), ZoneInfo(zone))
        moment = (midnight.astimezone(UTC) + timedelta(hours=hour)).isoformat()
        add(moment, moment)

    found = series(ada, **{"from": str(changes - timedelta(1)), "to": str(changes + timedelta(1))})

    hours = 24 if zone.startswith("Pacific") else 23
    assert found["timezone"] == zone
    assert list(told(found).values()) == [(24, 24), (hours, hours), (24, 24)]


def test_who_sees_a_task_sees_when_it_happened(ada, bob, eve, admin, add, make_project):
    shared = make_project(ada, {bob: "MEMBER"})
    add("2026-03-01T12:00Z", "2026-03-02T12:00Z", project=shared)
    add("2026-03-01T12:00Z", project=shared, reporter=bob, assignee=bob)
    add("2026-03-01T12:00Z", reporter=ada, assignee=bob)
    add("2026-03-01T12:00Z", reporter=bob, assignee=bob)
    add("2026-03-01T12:00Z", "2026-03-02T12:00Z", reporter=eve)
    add("2026-03-01T12:00Z", "2026-03-02T12:00Z", project=shared, deleted="2026-03-03T12:00Z")
    asked = {"from": "2026-03-01", "to": "2026-03-02"}

    numbers = {
        person.username: list(told(series(person, **asked)).values())
        for person in (ada, bob, eve, admin)
    }

    assert numbers == {
        "ada": [(3, 0), (0, 1)],
        "bob": [(4, 0), (0, 1)],
        "eve": [(1, 0), (0, 1)],
        "root": [(5, 0), (0, 2)],
    }


def test_a_task_that_is_opened_again_was_not_completed(ada):
    path = f"{TASKS}{ada.create_task(status='DONE')['id']}/"
    today = str(datetime.now(UTC).date())
    assert told(series(ada, **{"from": today})) == {today: (1, 1)}

    ada.patch(path, json={"status": "TODO"})
    assert told(series(ada, **{"from": today})) == {today: (1, 0)}
    ada.delete(path)
    assert told(series(ada, **{"from": today})) == {}


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("from=yesterday", "from", "YYYY-MM-DD"),
        ("to=2026-02-30", "to", "YYYY-MM-DD"),
        ("to=1899-12-31", "to", "1900"),
        ("to=2999-01-01", "to", "today"),
        ("from=2026-03-02&to=2026-03-01", "from", "2026-03-01"),
        ("from=2025-01-01&to=2026-03-01", "from", "366 days"),
        ("over_time=perhaps", "over_time", "boolean"),
        ("days=30", "days", "Allowed are: from, over_time, to"),
    ],
)
def test_what_makes_no_sense_is_named(ada, query, field, reason):
    answer = ada.get(f"{INSIGHT}?{query}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert reason in answer.json["errors"][field][0]


def test_a_year_can_be_asked_for(ada):
    found = series(ada, **{"from": "2024-01-01", "to": "2024-12-31"})

    assert len(found["points"]) == 53
