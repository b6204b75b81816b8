"""The daily summary at 09:00."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from app.core import clock
from app.extensions import db
from app.notifications import jobs, summary
from tests.workers.support import answer, deliver_all, deliveries, events, execute, let_pass, relay

TASKS = "/api/v1/tasks/"
NINE = datetime(2036, 3, 12, 9, 0, tzinfo=UTC)  # a Wednesday
YESTERDAY = NINE - timedelta(days=1)
NONE, ONE = "0 daily summaries", "1 daily summaries"
REFUSE = """
    INSERT INTO notification_preferences (user_id, kind, channel, enabled)
    SELECT id, 'daily_summary', 'email', false FROM users
"""


@pytest.fixture(autouse=True)
def nine(turn):
    turn(NINE)


@pytest.fixture
def turn(monkeypatch):
    def to(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    return to


@pytest.fixture
def summarise(app):
    """Runs the job as beat does; answers what it says."""

    def run():
        with app.app_context():
            return jobs.send_daily_summary()

    return run


@pytest.fixture
def tell(app, ada, bob, mails, summarise):
    """Runs the job over bob's tasks, and returns the text of the one mail."""

    def run():
        relay(app)
        execute(app, "DELETE FROM deliveries")
        assert summarise() == ONE
        deliver_all(app)
        (mail,) = mails()
        assert mail["To"] == "bob <bob@example.com>"
        return mail

    return run


def give(ada, bob, title, **difference):
    due = clock.iso(NINE + timedelta(**difference))
    return ada.create_task(title=title, assignee=bob.id, due_date=due)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def parts_of(text):
    """Headline of each section → the titles in it."""
    found, name = {}, ""
    for line in text.splitlines():
        if line.endswith(")") and not line.startswith(("- ", " ")):
            name = line
        elif line.startswith("- "):
            found.setdefault(name, []).append(line[2:].rpartition(" (")[0])
    return found


def test_it_tells_what_is_due_and_what_was_done(app, ada, bob, tell):
    give(ada, bob, "Late", days=-2)
    give(ada, bob, "Late since an hour", hours=-1)
    give(ada, bob, "Tonight", hours=14)
    give(ada, bob, "Tomorrow", hours=15)
    give(ada, bob, "In a week", days=7)
    give(ada, bob, "Later", days=8)
    ada.create_task(title="Some day", assignee=bob.id)
    ada.create_task(title="Ada's", assignee=ada.id)
    done = ada.create_task(title="Done", assignee=bob.id, status="DONE")
    early = ada.create_task(title="Done before", assignee=bob.id, status="DONE")
    execute(app, "UPDATE tasks SET completed_at = :at WHERE id = :id", id=done["id"], at=YESTERDAY)
    execute(
        app,
        "UPDATE tasks SET completed_at = :at WHERE id = :id",
        id=early["id"],
        at=YESTERDAY - timedelta(days=1),
    )

    mail = tell()

    assert parts_of(text_of(mail)) == {
        "Overdue (2)": ["Late", "Late since an hour"],
        "Due today (1)": ["Tonight"],
        "Due in the next seven days (2)": ["Tomorrow", "In a week"],
        "Done yesterday (1)": ["Done"],
    }
    assert mail["Subject"] == (
        "Your day: 2 overdue, 1 due today, 2 due in the next seven days, 1 done yesterday"
    )
    assert "This is Wednesday, 12 March 2036." in text_of(mail)
    assert mail["List-Unsubscribe"]
    told = bob.get("/api/v1/notifications/").json["results"]
    assert "daily_summary" not in [each["kind"] for each in told]


def test_the_day_is_that_of_the_reader(app, ada, bob, tell):
    bob.patch("/api/v1/auth/users/me/", json={"timezone": "Pacific/Auckland"})
    give(ada, bob, "Tonight in Auckland", hours=1)
    give(ada, bob, "Tomorrow there", hours=3)

    text = text_of(tell())
    assert parts_of(text) == {
        "Due today (1)": ["Tonight in Auckland"],
        "Due in the next seven days (1)": ["Tomorrow there"],
    }
    assert "(Wed 12 Mar, 23:00)" in text


def test_long_lists_are_cut_and_counted(app, ada, bob, tell):
    for number in range(13):
        give(ada, bob, f"Task {number}", hours=number + 1)

    text = text_of(tell())
    assert parts_of(text) == {"Due today (13)": [f"Task {number}" for number in range(10)]}
    assert "and 3 more" in text


def test_it_is_told_once_a_day_however_often_it_runs(app, ada, bob, mails, summarise, turn):
    give(ada, bob, "Late", days=-1)
    assert [summarise() for _ in range(3)] == [ONE, NONE, NONE]
    turn(NINE + timedelta(hours=14, minutes=59))
    assert summarise() == NONE
    turn(NINE + timedelta(days=1))
    assert [summarise() for _ in range(2)] == [ONE, NONE]


def test_two_beats_at_once_tell_it_once(app, ada, bob, summarise, monkeypatch):
    monkeypatch.setattr(summary, "BATCH", 1)
    for person in (ada, bob):
        give(ada, person, "Late", days=-1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: summarise(), range(4)))

    relay(app)
    told = [each.entity_id for each in events(app) if each.type == "summary.due"]
    assert sorted(told) == [ada.id, bob.id]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET is_active = false",
        "UPDATE users SET email = NULL",
        "UPDATE tasks SET deleted_at = now()",
        "UPDATE tasks SET assignee_id = NULL",
        "UPDATE tasks SET status = 'CANCELLED'",
        REFUSE,
    ],
)
def test_who_has_nothing_to_be_told_or_wants_none_gets_none(app, ada, bob, summarise, statement):
    give(ada, bob, "Late", days=-1)
    execute(app, statement)

    assert summarise() == NONE


def test_tasks_of_an_archived_project_are_left_out(app, ada, bob, summarise):
    give(ada, bob, "Late", days=-1)
    execute(app, "UPDATE tasks SET project_id = 1, board_id = 1, position = 'a0'")
    assert summarise() == ONE
    execute(app, "DELETE FROM stream_entries")
    execute(app, "TRUNCATE events CASCADE")
    execute(app, "UPDATE projects SET is_archived = true")
    assert summarise() == NONE


def test_a_retry_says_the_same(app, ada, bob, smtp, summarise):
    task = give(ada, bob, "Late", days=-1)
    relay(app)
    execute(app, "DELETE FROM deliveries")
    summarise()
    smtp.answer = "451 later"
    deliver_all(app)
    (delivery,) = deliveries(app)
    execute(app, "UPDATE tasks SET title = 'Other', due_at = NULL WHERE id = :id", id=task["id"])
    smtp.answer = None
    let_pass(app, timedelta(minutes=1))
    answer(app, delivery.id)

    (mail,) = smtp.messages
    assert "Late" in mail.get_payload()[0].get_payload()


def test_what_was_taken_away_meanwhile_is_not_told(app, ada, bob, mails, summarise):
    kept, taken = give(ada, bob, "Kept", days=-1), give(ada, bob, "Taken", hours=1)
    relay(app)
    execute(app, "DELETE FROM deliveries")
    summarise()
    execute(app, "UPDATE tasks SET assignee_id = NULL WHERE id = :id", id=taken["id"])
    deliver_all(app)
    (mail,) = mails()
    assert parts_of(text_of(mail)) == {"Overdue (1)": ["Kept"]}

    execute(app, "UPDATE tasks SET deleted_at = now() WHERE id = :id", id=kept["id"])
    execute(app, "UPDATE deliveries SET state = 'pending', lease_until = NULL")
    deliver_all(app)
    assert len(mails()) == 1
    assert deliveries(app)[0].last_error == "none of the tasks is the user's any more"


@pytest.fixture
def selects(app):
    """What is asked of the database, as long as the test lasts."""
    asked = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith(("SELECT", "WITH")):
            asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_batch_asks_few_questions_however_many_are_told(
    app, ada, make_person, summarise, selects
):
    asked = []
    for number in (2, 8):
        for _ in range(number):
            give(ada, make_person(), "Late", days=-1)
        selects.clear()
        assert summarise() == f"{number} daily summaries"
        asked.append(len(selects))

    assert asked[0] == asked[1]
    assert asked[0] < 6
