import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.core import events
from app.core.db import snapshot, unit_of_work
from app.core.events import Event, EventRecord, Stream, StreamEntry, StreamName
from app.extensions import db

WRITERS = 8
PER_WRITER = 12


class Happened(Event):
    type = "test.happened"
    entity = "test"


def note(number, *streams):
    events.record(
        Happened(
            entity_id=number,
            actor_id=None,
            streams=frozenset(StreamName("user", stream) for stream in streams),
        )
    )


def fail_after_noting(number):
    def run():
        with unit_of_work():
            note(number, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()


def nest():
    with unit_of_work():
        note(1, 1)
        with unit_of_work():
            note(2, 1)


def rows(app, statement):
    with app.app_context():
        return db.session.execute(statement).all()


def log_of(app):
    """Stream → its entries as (seq, event id), in the order of seq."""
    found = rows(
        app,
        select(Stream.ref_id, StreamEntry.seq, StreamEntry.event_id)
        .join(Stream, Stream.id == StreamEntry.stream_id)
        .order_by(Stream.ref_id, StreamEntry.seq),
    )
    streams = {}
    for ref_id, seq, event_id in found:
        streams.setdefault(ref_id, []).append((seq, event_id))
    return streams


def count(app, model):
    return rows(app, select(func.count()).select_from(model))[0][0]


def test_each_stream_is_gapless_and_in_id_order_under_concurrent_writers(app):
    start = threading.Barrier(WRITERS)

    def write(writer):
        start.wait()
        for number in range(PER_WRITER):
            fails = number % 4 == 3
            with app.app_context():
                try:
                    with unit_of_work():
                        # Overlapping streams, named in another order by each writer.
                        note(number, 1 + writer % 3, 1 + (writer + number) % 3, 9)
                        note(number, 1 + (writer + 1) % 3)
                        if fails:
                            raise ZeroDivisionError
                except ZeroDivisionError:
                    pass

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    streams = log_of(app)
    written = WRITERS * PER_WRITER * 3 // 4
    assert len(streams[9]) == written
    assert count(app, EventRecord) == 2 * written
    for name, entries in streams.items():
        seqs, ids = zip(*entries, strict=True)
        assert seqs == tuple(range(1, len(seqs) + 1)), name
        assert list(ids) == sorted(set(ids)), name
    heads = dict(rows(app, select(Stream.ref_id, Stream.last_seq)))
    assert heads == {name: len(entries) for name, entries in streams.items()}


def test_the_events_of_one_unit_keep_their_order(app):
    with app.app_context(), unit_of_work():
        for number in range(5):
            note(number, 1, 2)

    found = rows(app, select(EventRecord.entity_id).order_by(EventRecord.id))
    assert [row[0] for row in found] == [0, 1, 2, 3, 4]
    assert [[seq for seq, _ in entries] for entries in log_of(app).values()] == [
        [1, 2, 3, 4, 5]
    ] * 2


def test_a_unit_that_fails_writes_nothing_and_leaves_no_gap(app):
    with app.app_context():
        with unit_of_work():
            note(1, 1)
        fail_after_noting(2)
        with unit_of_work():
            note(3, 1)

    assert [seq for seq, _ in log_of(app)[1]] == [1, 2]
    found = rows(app, select(EventRecord.entity_id).order_by(EventRecord.id))
    assert [row[0] for row in found] == [1, 3]


def test_what_a_failed_unit_noted_is_not_written_by_the_next(app):
    with app.app_context():
        fail_after_noting(1)
        with unit_of_work():
            pass

    assert (count(app, EventRecord), count(app, Stream)) == (0, 0)


def test_units_do_not_nest_and_the_outer_one_writes_nothing(app):
    with app.app_context():
        with pytest.raises(RuntimeError, match="does not nest"):
            nest()
        assert count(app, EventRecord) == 0
        with unit_of_work():
            note(3, 1)

    assert [row[0] for row in rows(app, select(EventRecord.entity_id))] == [3]


def test_an_event_without_an_audience_is_in_the_log_all_the_same(app):
    with app.app_context(), unit_of_work():
        note(1)

    assert (count(app, EventRecord), count(app, StreamEntry)) == (1, 0)


def test_what_fails_inside_the_transaction_takes_the_change_with_it(app, ada, monkeypatch):
    def fail(_session, _written):
        raise ZeroDivisionError

    table = app.extensions["reactions"]
    broken = table["task.created"].__class__(in_transaction=[fail])
    monkeypatch.setitem(table, "task.created", broken)
    before = count(app, EventRecord)

    assert ada.post("/api/v1/tasks/", json={"title": "x"}).status_code == 500

    assert count(app, EventRecord) == before
    assert ada.get("/api/v1/tasks/").json["count"] == 0


def test_a_task_event_enters_the_streams_of_everyone_who_saw_it_before_or_after(app, ada, bob, eve):
    task = ada.create_task(assignee=bob.id)
    before = {name: len(entries) for name, entries in log_of(app).items()}

    ada.patch(f"/api/v1/tasks/{task['id']}/", json={"assignee": eve.id})

    after = {name: len(entries) for name, entries in log_of(app).items()}
    assert {name for name in after if after[name] != before.get(name)} == {ada.id, bob.id, eve.id}


def test_an_event_tells_where_it_came_from(app, ada):
    headers = {"X-Request-ID": "abc-1", "User-Agent": "tests/1"}
    ada.post("/api/v1/tasks/", json={"title": "x"}, headers=headers)

    columns = (EventRecord.request_id, EventRecord.user_agent, EventRecord.ip, EventRecord.actor_id)
    last = rows(app, select(*columns).order_by(EventRecord.id.desc()).limit(1))[0]
    assert last == ("abc-1", "tests/1", "127.0.0.1", ada.id)


def test_a_snapshot_sees_one_moment_and_writes_nothing(app, ada):
    with app.app_context(), snapshot() as session:
        before = session.scalar(select(func.count()).select_from(EventRecord))
        ada.create_task()
        assert session.scalar(select(func.count()).select_from(EventRecord)) == before
        assert session.connection().exec_driver_sql("SHOW transaction_read_only").scalar() == "on"


def test_more_events_than_are_written_at_a_time_are_in_one_gapless_order(app):
    count_of = 2 * events.BATCH + 7
    with app.app_context(), unit_of_work():
        for number in range(count_of):
            note(number, 1, *([2] if number % 3 == 0 else []))

    streams = log_of(app)
    assert [seq for seq, _ in streams[1]] == list(range(1, count_of + 1))
    assert [event_id for _, event_id in streams[1]] == sorted({e for _, e in streams[1]})
    assert [seq for seq, _ in streams[2]] == list(range(1, len(range(0, count_of, 3)) + 1))
    numbers = [row[0] for row in rows(app, select(EventRecord.entity_id).order_by(EventRecord.id))]
    assert numbers == list(range(count_of))
