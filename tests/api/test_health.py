import socket
import time

import pytest

from app import create_app
from app.extensions import limiter


@pytest.fixture
def broken(app, settings):
    """The application over a database and a Redis that refuse every connection."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = dict(vars(limiter))

    def make(*, database=False, redis=False):
        changes = {}
        if database:
            changes["DATABASE_URL"] = f"postgresql+psycopg2://secret:hidden@127.0.0.1:{port}/x"
        if redis:
            url = f"redis://127.0.0.1:{port}/0"
            changes |= {"REDIS_URL": url, "CACHE_REDIS_URL": url}
        return create_app(settings.model_copy(update=changes)).test_client()

    yield make
    vars(limiter).clear()
    vars(limiter).update(kept)


def test_everything_is_well(client):
    assert client.get("/livez").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok"}
    healthy = {"status": "healthy", "database": "connected", "cache": "connected"}
    for path in ("/api/health/", "/api/health"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, healthy)
    answer = client.get("/api/health/db")
    assert answer.status_code == 200
    assert answer.json == {"status": "success", "message": "Database connection is healthy"}


def test_without_a_database_health_says_so_and_nothing_of_the_cause(broken):
    client = broken(database=True)

    ready, health, database = (client.get(p) for p in ("/readyz", "/api/health/", "/api/health/db"))

    assert (ready.status_code, ready.json["status"]) == (503, "unavailable")
    assert ready.json["failing"] == ["database", "schema"]
    assert health.status_code == 503
    assert health.json == {
        "status": "unhealthy",
        "database": "disconnected",
        "cache": "connected",
    }
    assert database.status_code == 503
    assert database.json == {"status": "error", "message": "Database connection failed"}
    for answer in (ready, health, database):
        assert not any(
            word in answer.text for word in ("psycopg", "127.0.0.1", "secret", "refused")
        )
    assert client.get("/livez").status_code == 200


def test_without_a_database_the_api_answers_503_with_the_time_to_wait(broken, ada):
    answer = broken(database=True).get("/api/v1/tasks/", headers=ada.headers)

    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert "psycopg" not in answer.text


def test_without_redis_health_says_so_at_once(broken):
    client = broken(redis=True)
    started = time.perf_counter()

    ready, health = client.get("/readyz"), client.get("/api/health/")

    assert (ready.status_code, ready.json["failing"]) == (503, ["redis"])
    assert health.status_code == 503
    assert health.json == {
        "status": "unhealthy",
        "database": "connected",
        "cache": "disconnected",
    }
    assert client.get("/api/health/db").status_code == 200
    assert client.get("/livez").status_code == 200
    assert time.perf_counter() - started < 30


def test_an_older_schema_is_not_ready(app, client, monkeypatch):
    monkeypatch.setattr("app.health.checks._newest_migration", lambda _: "9999")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["failing"]) == (503, ["schema"])


def test_the_sixth_call_of_the_limiter_check_is_refused(client, ada):
    answers = [client.get("/api/check-limiter") for _ in range(6)]

    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert ada.get("/api/check-limiter").status_code == 200


def test_health_is_never_limited(client):
    for path in ("/livez", "/readyz", "/api/health/", "/api/health/db"):
        answer = client.get(path)
        assert "RateLimit" not in answer.headers
