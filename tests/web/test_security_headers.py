import re

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import make_app


@pytest.mark.parametrize("path", ["/", "/api/docs/", "/api/redoc/", "/api/v1/sample/", "/none"])
def test_every_answer_is_guarded(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert re.match(r"default-src 'none'; script-src 'self'( 'sha256-[\w+/]+=')?;", policy)
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_encryption_is_demanded_in_production_only(
    client: FlaskClient, production_client: FlaskClient
) -> None:
    assert "Strict-Transport-Security" not in client.get("/").headers
    assert "max-age" in production_client.get("/").headers["Strict-Transport-Security"]


class TestCaching:
    token = {"Authorization": "Bearer x"}  # noqa: RUF012 - a constant of the tests

    def test_answers_to_a_signed_in_user_are_not_kept(self, client: FlaskClient) -> None:
        answer = client.get("/api/v1/sample/", headers=self.token)
        assert answer.headers["Cache-Control"] == "no-store"

    def test_a_view_may_say_otherwise(self, client: FlaskClient) -> None:
        answer = client.get("/api/v1/sample/?cache=private", headers=self.token)
        assert answer.headers["Cache-Control"] == "private"

    def test_other_answers_are_left_alone(self, client: FlaskClient) -> None:
        assert "Cache-Control" not in client.get("/api/v1/sample/").headers


class TestHttps:
    @pytest.fixture
    def strict(self) -> FlaskClient:
        return make_app(SECURE_SSL_REDIRECT=True).test_client()

    def test_what_comes_in_clear_text_is_sent_to_https(self, strict: FlaskClient) -> None:
        answer = strict.post("/api/v1/sample/?a=1")
        assert answer.status_code == 308
        assert answer.headers["Location"] == "https://localhost/api/v1/sample/?a=1"

    def test_what_comes_by_https_is_served(self, strict: FlaskClient) -> None:
        assert strict.get("/api/v1/sample/", base_url="https://localhost").status_code == 200

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/api/health/", "/api/health/db"])
    def test_probes_are_not_sent_elsewhere(self, strict: FlaskClient, path: str) -> None:
        assert strict.get(path).status_code != 308

    def test_without_the_setting_nothing_is_sent_elsewhere(self, client: FlaskClient) -> None:
        assert client.get("/api/v1/sample/").status_code == 200
