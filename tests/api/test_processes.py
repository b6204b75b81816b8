"""Which processes are alive, as administrators see them."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from app.core.db import beside
from app.processes import heart
from app.processes.heart import Heart
from app.processes.queries import live_processes

PROCESSES = "/api/v1/admin/processes/"


@pytest.fixture
def live(app):
    def names():
        with app.app_context(), beside() as session:
            return [process.name for process in live_processes(session)]

    return names


def test_a_process_is_alive_until_it_has_been_silent_for_half_a_minute(app, admin, rows, live):
    Heart(app, "relay", lambda: {"at_work": True}).beat()

    (relay,) = admin.get(PROCESSES).json["results"]
    assert relay["kind"] == "relay"
    assert relay["name"] == f"relay@{relay['host']}:{relay['pid']}"
    assert relay["info"] == {"at_work": True}
    assert relay["alive"] is True
    assert live() == [relay["name"]]

    rows("UPDATE heartbeats SET seen_at = seen_at - interval '31 seconds'")
    assert admin.get(PROCESSES).json["results"][0]["alive"] is False
    assert live() == []


def test_one_process_has_one_row_however_often_its_heart_beats(app, admin, rows):
    beating = Heart(app, "worker")
    for _ in range(3):
        beating.beat()
    Heart(app, "beat").beat()

    found = admin.get(PROCESSES).json
    assert found["count"] == 2
    assert [process["kind"] for process in found["results"]] == ["beat", "worker"]
    assert admin.get(f"{PROCESSES}?page_size=1&page=2").json["results"] == found["results"][1:]


def test_a_process_that_takes_the_place_of_another_has_its_own_start(app, admin, rows):
    Heart(app, "worker").beat()
    rows("UPDATE heartbeats SET started_at = '2026-01-01Z', seen_at = '2026-01-01Z'")

    Heart(app, "worker").beat()

    (process,) = admin.get(PROCESSES).json["results"]
    assert process["alive"]
    assert process["started_at"] > "2026-01-02"


def test_who_is_gone_for_a_day_is_forgotten(app, admin, rows):
    Heart(app, "relay").beat()
    rows("UPDATE heartbeats SET seen_at = now() - interval '23 hours 59 minutes'")
    Heart(app, "worker").beat()
    assert admin.get(PROCESSES).json["count"] == 2

    rows("UPDATE heartbeats SET seen_at = now() - interval '25 hours' WHERE kind = 'relay'")
    Heart(app, "worker").beat()

    assert [p["kind"] for p in admin.get(PROCESSES).json["results"]] == ["worker"]


def test_a_heart_that_cannot_write_goes_on_beating(app, monkeypatch, caplog):
    beats, enough = [], threading.Event()

    def fail(*_):
        beats.append(1)
        if len(beats) == 3:
            enough.set()
        raise OperationalError("INSERT", {}, Exception("gone")) if len(beats) > 1 else ValueError

    monkeypatch.setattr(heart, "note_alive", fail)
    monkeypatch.setattr(heart, "PAUSE_SECONDS", 0.01)
    beating = Heart(app, "relay")
    beating.start()

    assert enough.wait(60)
    beating.stop()
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


def test_only_administrators_see_them(ada, client):
    assert client.get(PROCESSES).status_code == 401
    answer = ada.get(PROCESSES)
    assert answer.status_code == 403
    assert "ADMIN" in answer.json["detail"]


@pytest.mark.parametrize("query", ["page=0", "page_size=101", "kind=relay"])
def test_a_bad_query_is_refused(admin, query):
    assert admin.get(f"{PROCESSES}?{query}").status_code == 422
