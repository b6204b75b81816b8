"""Pages of other origins may call the API where `CORS_ORIGINS` names them, and only there."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings

PAGE = "https://app.example.com"
ASKING = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}


@pytest.fixture
def allowing(settings: Settings) -> Callable[..., FlaskClient]:
    """A client of a service whose CORS_ORIGINS are these."""

    def make(*origins: str) -> FlaskClient:
        return create_app(settings.model_copy(update={"CORS_ORIGINS": origins})).test_client()

    return make


@pytest.fixture
def client(allowing: Callable[..., FlaskClient]) -> FlaskClient:
    return allowing(PAGE)


def test_a_page_that_is_named_may_read_answers_and_refusals(client):
    for path, status in (("/livez", 200), ("/api/v1/tasks/", 401), ("/nowhere", 404)):
        answer = client.get(path, headers={"Origin": PAGE})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.vary
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_its_browser_may_ask_without_a_token(client):
    answer = client.options("/api/v1/tasks/1/", headers={"Origin": PAGE, **ASKING})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "If-Match"):
        assert name in answer.headers["Access-Control-Allow-Headers"]
    assert "RateLimit" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.com", f"{PAGE}.evil.example", "http://app.example.com", "null", ""],
)
def test_any_other_page_may_not(client, origin):
    for answer in (
        client.get("/livez", headers={"Origin": origin}),
        client.options("/api/v1/tasks/", headers={"Origin": origin, **ASKING}),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        # A cache must not give this answer to the page that is named.
        assert "Origin" in answer.vary


def test_without_the_setting_nothing_is_said(allowing):
    answer = allowing().get("/livez", headers={"Origin": PAGE})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" not in answer.vary


def test_a_star_names_every_page_and_lets_no_cookie_through(allowing):
    answer = allowing("*").get("/livez", headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Credentials" not in answer.headers
