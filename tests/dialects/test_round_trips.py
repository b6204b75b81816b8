"""What is read through a dialect and written back changes nothing."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.boards.lifecycle import Status
from app.core.events import EventRecord
from app.extensions import db
from app.tasks.models import Priority
from tests.dialects.conftest import SPEECHES

V1 = "/api/v1/tasks/"
READABLE = ("title", "description", "status", "priority", "board", "assignee", "due_date",
            "estimated_hours")  # fmt: skip

characters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
epoch = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.integers(-600_000_000, 29_000_000_000).map(lambda at: epoch + timedelta(seconds=at))
dues = st.none() | instants.map(lambda at: at.date().isoformat()) | instants.map(
    lambda at: at.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat()
)  # fmt: skip
tasks = st.fixed_dictionaries(
    {
        "title": st.text(characters, min_size=1, max_size=80).filter(lambda text: text.strip()),
        "description": st.text(characters | st.sampled_from("\n\t"), max_size=80),
        "status": st.sampled_from([status.value for status in Status]),
        "priority": st.sampled_from([priority.value for priority in Priority]),
        "due_date": dues,
        "estimated_hours": st.none() | st.integers(0, 1000),
        "assigned": st.booleans(),
        "on_board": st.booleans(),
    }
)
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago", "Asia/Tokyo"]
)
quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def count_events(app):
    def count():
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(EventRecord))

    return count


@pytest.fixture
def make_task(ada, bob, make_project):
    """A task as `given` describes it, by ada, perhaps on a board, perhaps bob's."""
    project = make_project(ada, members={bob: "MEMBER"})

    def make(fields):
        body = {name: fields[name] for name in fields if name not in ("assigned", "on_board")}
        body |= {"assignee": bob.id} if fields["assigned"] else {}
        body |= {"board": project.board_id} if fields["on_board"] else {}
        return ada.create_task(**body)

    return make


def shown(person, speech, task):
    """A task as a dialect shows it."""
    if speech.show:
        return person.get(speech.show.format(task["id"])).json
    listed = person.get(f"/tasks/task/{task['created_at'][:10]}").json
    return next(each for each in listed if each["id"] == task["id"])


@pytest.fixture
def looks_often(app, monkeypatch, unlimited):
    settings = app.config["SETTINGS"].model_copy(update={"FLASK_API_STRICT_RATE": "100000/hour"})
    monkeypatch.setitem(app.config, "SETTINGS", settings)


@pytest.mark.parametrize("name", SPEECHES)
@given(fields=tasks, zone=zones, other=st.booleans())
@quick
def test_a_task_written_back_through_a_dialect_stays_as_it_is(
    looks_often, ada, bob, make_task, count_events, name, fields, zone, other
):
    speech, person = SPEECHES[name], bob if other and fields["on_board"] else ada
    task = make_task(fields)
    person.patch("/api/v1/auth/users/me/", json={"timezone": zone})
    read, before = shown(person, speech, task), count_events()
    verb, path = speech.update

    whole = person.open(path.format(task["id"]), method=verb, json=read)

    assert whole.status_code == 200, whole.text
    assert whole.json == read
    if speech.show:
        partly = person.patch(path.format(task["id"]), json=read)
        assert (partly.status_code, partly.json) == (200, read)
    assert count_events() == before
    assert ada.get(f"{V1}{task['id']}/").json == task


@given(fields=tasks, zone=zones)
@quick
def test_a_task_written_back_through_the_canonical_api_stays_as_it_is(
    ada, make_task, count_events, fields, zone
):
    task = make_task(fields)
    ada.patch("/api/v1/auth/users/me/", json={"timezone": zone})
    before, body = count_events(), {name: task[name] for name in READABLE}

    for verb in ("put", "patch"):
        answer = getattr(ada, verb)(f"{V1}{task['id']}/", json=body)
        assert (answer.status_code, answer.json) == (200, task)

    assert count_events() == before


@pytest.mark.parametrize("name", SPEECHES)
@given(status=st.sampled_from(Status), word=st.sampled_from(Status))
@quick
def test_a_state_changes_exactly_where_the_words_differ(
    looks_often, ada, make_task, count_events, name, status, word
):
    """Writing a dialect's word keeps ours where the word stands for it, else sets its first one."""
    speech = SPEECHES[name]
    task = ada.create_task(status=status.value)
    before, said = count_events(), speech.statuses[word.value]
    verb, path = speech.update

    answer = ada.open(
        path.format(task["id"]), method=verb, json=speech.body(title="A task", status=said)
    )

    after = ada.get(f"{V1}{task['id']}/").json
    if speech.statuses[status.value] == said:
        assert (answer.status_code, after, count_events()) == (200, task, before)
    elif answer.status_code == 409:  # The canonical table of transitions says no.
        assert (after, count_events()) == (task, before)
    else:
        assert answer.status_code == 200, answer.text
        assert speech.statuses[after["status"]] == said
        assert after["version"] == task["version"] + 1
