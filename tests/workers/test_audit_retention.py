"""Forgetting old events: which go, what goes with them, and what still works afterwards."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.audit import retention
from app.core import purging
from app.core.db import snapshot
from app.core.events import StreamName
from app.extensions import db
from app.realtime.queries import last_position
from app.realtime.replay import missed
from tests.workers.support import deliver_all, deliveries, events, execute, relay

TASKS = "/api/v1/tasks/"
KEPT = "everything is kept: AUDIT_RETENTION_DAYS is 0\n"


def age(app, days=100, where="true"):
    execute(app, f"UPDATE events SET at = at - {days} * interval '1 day' WHERE {where}")


@pytest.fixture
def purge(app, monkeypatch):
    """Runs the job with a number of days."""

    def run(days):
        settings = app.config["SETTINGS"].model_copy(update={"AUDIT_RETENTION_DAYS": days})
        with monkeypatch.context() as patch:
            patch.setitem(app.config, "SETTINGS", settings)
            result = app.test_cli_runner().invoke(args=["jobs", "run", "purge_audit_logs"])
        assert result.exception is None, result.output
        return result.output

    return run


def left(app, table="events", column="id"):
    with app.app_context():
        return set(db.session.scalars(text(f"SELECT {column} FROM {table}")))


def test_with_zero_days_everything_is_kept(app, ada, purge):
    ada.create_task()
    deliver_all(app)
    age(app)

    assert purge(0) == KEPT
    assert len(left(app)) == 2


def test_old_events_go_with_their_entries_and_deliveries_and_the_newest_stays(app, ada, bob, purge):
    for _ in range(3):
        ada.create_task(assignee=bob.id)
    deliver_all(app)
    assert deliveries(app)
    newest = max(left(app))
    age(app)

    assert purge(30).startswith("4 events older than 30 days deleted")

    assert left(app) == {newest}
    assert left(app, "stream_entries", "event_id") == {newest}
    assert left(app, "deliveries", "event_id") <= {newest}
    assert purge(30).startswith("0 events")


def test_what_is_young_not_relayed_or_still_owed_stays(app, ada, bob, purge):
    ada.create_task(assignee=bob.id)
    deliver_all(app)
    old = left(app)
    age(app)
    ada.create_task(assignee=bob.id)
    relay(app)
    owed = {each.event_id for each in deliveries(app, state="pending")}
    assert owed
    age(app, where=f"id > {max(old)}")
    ada.create_task(title="young")
    relay(app)
    young = max(left(app))
    ada.create_task(title="not relayed")
    unrelayed = max(left(app))
    age(app, where=f"id = {unrelayed}")

    purge(30)

    assert left(app) == owed | {young, unrelayed}


def test_the_relay_goes_on_with_rising_positions(app, ada, purge):
    for _ in range(3):
        ada.create_task()
    relay(app)
    age(app)
    purge(1)
    highest = max(event.position for event in events(app))
    assert highest == 4

    ada.create_task()
    relay(app)

    assert [event.position for event in events(app)] == [4, 5]


def test_more_than_one_batch_goes_and_two_jobs_at_once_do_not_hurt_each_other(
    app, ada, purge, monkeypatch
):
    monkeypatch.setattr(purging, "BATCH", 10)
    for _ in range(45):
        ada.create_task()
    relay(app)
    age(app)

    def purge_all(_):
        with app.app_context():
            return purging.purge(retention.old_events(30), retention.forget_events)

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(purge_all, range(3)))

    assert sum(counts) == 45
    assert len(left(app)) == 1
    for _ in range(25):
        ada.create_task()
    relay(app)
    age(app)
    assert purge(30).startswith("25 events")


def test_who_asks_for_purged_events_of_a_stream_has_to_read_all_anew(app, ada, purge):
    for _ in range(4):
        ada.create_task()
    relay(app)
    age(app, where="id <= 3")
    own = StreamName.of_user(ada.id)
    with app.app_context(), snapshot() as session:
        position = last_position(session)
        head = missed(session, {own: None}, position).heads[own]
        assert not missed(session, {own: 0}, position).resync_required

    purge(30)

    with app.app_context(), snapshot() as session:
        assert missed(session, {own: 0}, position).resync_required
        assert missed(session, {own: 0}, position).heads == {own: head}
        later = missed(session, {own: 3}, position)
        assert not later.resync_required
        assert [entry.places[own] for entry in later.entries] == list(range(4, head + 1))


def test_the_history_and_a_stale_etag_are_still_answered(app, ada, purge):
    task = ada.create_task()
    path = f"{TASKS}{task['id']}/"
    ada.patch(path, json={"title": "second"})
    ada.patch(path, json={"priority": "HIGH"})
    relay(app)
    age(app, where="task_version < 3")
    purge(30)

    history = ada.get(f"{path}history/").json
    assert [set(each["changes"]) for each in history["results"]] == [{"priority"}]
    answer = ada.patch(path, json={"title": "mine"}, headers={"If-Match": '"v1"'})
    assert answer.status_code == 412
    assert answer.json["current_version"] == 3
    # What changed at version 2 is forgotten, so it may have been anything.
    assert answer.json["conflicts"] == ["title"]
    assert answer.json["changed"]["title"] == "second"
    answer = ada.patch(path, json={"title": "mine"}, headers={"If-Match": '"v2"'})
    assert (answer.status_code, answer.json["conflicts"]) == (412, [])
