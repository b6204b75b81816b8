"""`/metrics`: who may read it, what it tells, and what it tells when something is down."""

import re
import socket
import tomllib
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.core.job_counts import counted
from app.extensions import limiter
from app.operations.collecting import VERSION
from app.realtime.connection import Connection
from workers.factory import make_celery

ROOT = Path(__file__).resolve().parents[2]
TOTAL = "task_service_requests_total"
TOKEN = "for-prometheus-" + "x" * 32


@pytest.fixture(autouse=True)
def fresh(app):
    app.extensions["metrics_reader"].forget()


def read(person, path="/metrics"):
    """Every sample as (name, labels) → value."""
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return parsed(answer.text)


def parsed(text):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples, name, **labels):
    return samples[f"task_service_{name}", frozenset(labels.items())]


def test_only_operators_read_it(client, ada, admin):
    assert client.get("/metrics").status_code == 401
    assert ada.get("/metrics").status_code == 403
    answer = admin.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert "RateLimit" not in answer.headers


@pytest.fixture
def guarded(app, settings):
    """The same application with a token for Prometheus."""
    kept = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"METRICS_TOKEN": TOKEN})
    yield app
    app.config["SETTINGS"] = kept


def test_prometheus_is_let_in_by_its_token_and_nothing_else_is(guarded, client, ada, admin):
    def status(path, token, scheme="Bearer"):
        return client.get(path, headers={"Authorization": f"{scheme} {token}"}).status_code

    assert status("/metrics", TOKEN) == status("/metrics", TOKEN, "bearer") == 200
    assert status("/metrics", TOKEN[:-1]) == status("/metrics", TOKEN, "Basic") == 401
    assert status("/metrics", "ü") == client.get("/metrics").status_code == 401
    assert status("/api/v1/admin/queues/", TOKEN) == 401
    assert ada.get("/metrics").status_code == 403
    assert admin.get("/metrics").status_code == 200


def test_requests_are_counted_by_route_and_never_by_path(client, ada, admin):
    before = read(admin)
    task = ada.create_task()
    for path in (f"/api/v1/tasks/{task['id']}/", "/api/v1/tasks/999999/", "/no/such/1", "/no/2"):
        ada.get(path)
    ada.open("/api/v1/tasks/", method="BREW")
    after = read(admin)

    def more(name, **labels):
        key = f"task_service_{name}", frozenset(labels.items())
        return after.get(key, 0) - before.get(key, 0)

    route = "/api/v1/tasks/{task_id}/"
    assert more("requests_total", method="GET", route=route, status="200") == 1
    assert more("requests_total", method="GET", route=route, status="404") == 1
    assert more("request_seconds_count", method="GET", route=route) == 2
    assert more("requests_total", method="GET", route="(none)", status="404") == 2
    assert more("requests_total", method="OTHER", route="(none)", status="405") == 1
    routes = {dict(labels)["route"] for name, labels in after if name == TOTAL}
    assert not [each for each in routes if re.search(r"\d{3}|/no/", each)]
    assert value(after, "requests_in_flight") == 1


def test_deliveries_queues_relay_and_jobs_are_told(app, admin, owed, kill, redis_client):
    kill(owed[3])
    redis_client.rpush("lambda", "a")
    with app.app_context():
        with counted("maintenance.x"):
            pass
        with pytest.raises(ValueError, match="no"), counted("maintenance.x"):
            raise ValueError("no")
    found = read(admin)

    assert value(found, "deliveries", channel="email", state="due") == 3
    assert value(found, "deliveries", channel="email", state="dead") == 1
    assert value(found, "deliveries", channel="lambda", state="dead") == 0
    assert value(found, "delivery_oldest_seconds", channel="email") > 0
    assert value(found, "queue_length", queue="lambda") == 1
    assert value(found, "relay_lag_events") >= 0
    assert value(found, "jobs_total", job="maintenance.x", outcome="done") == 1
    assert value(found, "jobs_total", job="maintenance.x", outcome="failed") == 1
    assert value(found, "processes", kind="worker") == 0
    assert value(found, "db_pool_connections", state="size") == 10
    assert {value(found, "up", server=each) for each in ("database", "broker", "cache")} == {1}


def test_a_job_of_a_worker_is_counted(app, admin):
    celery = make_celery(app)

    @celery.task(name="maintenance.counted", shared=False)
    def work():
        return "done"

    work()

    assert value(read(admin), "jobs_total", job="maintenance.counted", outcome="done") == 1


def test_who_is_connected_is_told_by_kind(app, ada, admin):
    class Silent:
        kind = "websocket"

    connections = app.extensions["realtime"].connections
    connections.add(Connection("a-socket", "127.0.0.1", Silent()))
    try:
        found = read(admin)
    finally:
        connections.remove("a-socket")

    assert value(found, "sockets", kind="websocket") == 1
    assert value(found, "sockets", kind="socketio") == value(found, "connected_users") == 0


def test_the_cache_and_the_limiter_are_counted(app, ada, admin, settings):
    before = read(admin)
    day = ada.create_task()["created_at"][:10]
    for _ in range(3):
        ada.get(f"/api/v1/tasks/by-date/{day}/")
    after = read(admin)

    def more(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("cache_lookups_total", outcome="miss") == 1
    assert more("cache_lookups_total", outcome="hit") == 2
    assert more("limited_requests_total", outcome="accepted") == 4
    assert more("limiter_errors_total") == 0


def test_a_second_reader_within_seconds_costs_the_database_nothing(app, admin, owed, kill):
    read(admin)
    kill(owed[0])

    assert value(read(admin), "deliveries", channel="email", state="dead") == 0
    app.extensions["metrics_reader"].forget()
    assert value(read(admin), "deliveries", channel="email", state="dead") == 1


@pytest.fixture
def alone(app, settings):
    """An application whose database and Redis are away."""
    kept = dict(vars(limiter))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        redis_url = f"redis://{address}/0"
        away = {
            "DATABASE_URL": f"postgresql+psycopg2://x:x@{address}/x",
            "REDIS_URL": redis_url,
            "CACHE_REDIS_URL": redis_url,
            "METRICS_TOKEN": TOKEN,
        }
        yield create_app(settings.model_copy(update=away))
    vars(limiter).clear()
    vars(limiter).update(kept)


def test_without_database_and_redis_the_process_tells_of_itself(alone):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    alone.test_client().get("/api/v1/tasks/", headers=headers)
    answer = alone.test_client().get("/metrics", headers=headers)
    found = parsed(answer.text)

    assert answer.status_code == 200
    assert {value(found, "up", server=each) for each in ("database", "broker", "cache")} == {0}
    assert value(found, "requests_in_flight") == 1
    assert value(found, "db_pool_connections", state="size") == 10
    assert "task_service_deliveries" not in answer.text


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION
