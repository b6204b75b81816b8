import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("path", ["/", "/api/docs/", "/api/redoc/", "/api/v1/sample/", "/none"])
def test_every_answer_is_guarded(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
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
