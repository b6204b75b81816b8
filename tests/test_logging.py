import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask, g
from flask.typing import ResponseReturnValue

from app.config import Settings, explicit_settings
from app.core import context
from app.core.logging import (
    LineFormatter,
    configure_logging,
    escape_controls,
    init_request_logging,
    log_job,
)

NAMES = {
    "DATABASE_URL": "postgresql://u:p@db/tasks",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": "kR3vX9_qLm2ZtB7wYc5NdH8sJf1GpA4u-eQ6",
    "JWT_SECRET_KEY": "Wn8Zs4Kc1Vx6Fb3Qj9Ty2Lm7Rd5Hg0Pa-uE_",
}


def settings(environment: str = "production", **values: object) -> Settings:
    return explicit_settings(ENVIRONMENT=environment, **NAMES, **values)


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    """Put the root logger back, since pytest's own handlers hang on it."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    context.request_id.set(None)


@pytest.fixture
def app() -> Flask:
    app = Flask("sample", static_folder=None)
    init_request_logging(app)

    @app.get("/things/<path:name>")
    def show(name: str) -> ResponseReturnValue:
        g.principal = SimpleNamespace(id=7)
        return name

    @app.get("/livez")
    def livez() -> ResponseReturnValue:
        return "alive"

    @app.get("/broken")
    def broken() -> ResponseReturnValue:
        raise RuntimeError("inside\n2026-01-01 00:00:00 INFO forged")

    return app


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


class TestRequestId:
    def test_a_good_id_is_answered_and_logged(
        self, app: Flask, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging(settings())
        answer = app.test_client().get("/things/a", headers={"X-Request-ID": "abc-1.2_Z"})
        (line,) = lines(capsys)
        assert answer.headers["X-Request-ID"] == "abc-1.2_Z"
        assert json.loads(line)["request_id"] == "abc-1.2_Z"

    @pytest.mark.parametrize("bad", ["", "a b", "a\tb", "é", "x" * 129, "<script>"])
    def test_a_bad_id_is_replaced(self, app: Flask, bad: str) -> None:
        answer = app.test_client().get("/things/a", headers={"X-Request-ID": bad})
        assert len(answer.headers["X-Request-ID"]) == 32

    def test_a_trailing_line_break_is_refused(self) -> None:
        assert context.set_request_id("abc\n") != "abc\n"

    def test_two_requests_have_two_ids(self, app: Flask) -> None:
        client = app.test_client()
        ids = {client.get("/things/a").headers["X-Request-ID"] for _ in range(2)}
        assert len(ids) == 2


class TestRequestLine:
    def test_it_tells_who_did_what(self, app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(settings())
        app.test_client().get("/things/a?token=hunter2", headers={"Authorization": "hunter2"})
        (line,) = lines(capsys)
        entry = json.loads(line)
        assert entry["message"] == "GET /things/a 200"
        assert entry["level"] == "INFO"
        assert entry["user_id"] == 7
        assert entry["remote_address"] == "127.0.0.1"
        assert entry["milliseconds"] >= 0
        assert entry["time"].endswith("+00:00")
        assert "hunter2" not in line

    @pytest.mark.parametrize("environment", ["development", "production"])
    def test_a_path_cannot_forge_a_line(
        self, app: Flask, capsys: pytest.CaptureFixture[str], environment: str
    ) -> None:
        configure_logging(settings(environment))
        app.test_client().get("/things/a%0d%0a2026 INFO forged%1b[31m%e2%80%a8end")
        (line,) = lines(capsys)
        assert line.isprintable()
        assert r"\r\n2026 INFO forged" in line

    def test_probes_are_silent_unless_debugging(
        self, app: Flask, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging(settings())
        app.test_client().get("/livez")
        assert lines(capsys) == []
        configure_logging(settings(LOG_LEVEL="DEBUG"))
        app.test_client().get("/livez")
        assert any('"GET /livez 200"' in line for line in lines(capsys))

    def test_a_failed_request_has_its_line_too(
        self, app: Flask, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging(settings("development"))
        answer = app.test_client().get("/broken")
        found = lines(capsys)
        own = [line for line in found if not line.startswith("    | ")]
        assert answer.status_code == 500
        assert len(own) == 2
        assert "GET /broken 500" in own[-1]
        assert "    | 2026-01-01 00:00:00 INFO forged" in found


class TestJobLine:
    def test_a_job_has_a_line_and_an_id(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(settings())
        with log_job("check_sla", "cause-1") as identifier:
            assert context.request_id.get() == identifier == "cause-1"
        (line,) = lines(capsys)
        entry = json.loads(line)
        assert (entry["message"], entry["job"]) == ("check_sla done", "check_sla")
        assert entry["request_id"] == "cause-1"
        assert context.request_id.get() is None

    def test_a_failing_job_is_logged_and_raises(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging(settings())
        with pytest.raises(ZeroDivisionError), log_job("check_sla"):
            raise ZeroDivisionError
        (line,) = lines(capsys)
        entry = json.loads(line)
        assert entry["message"] == "check_sla failed"
        assert "ZeroDivisionError" in entry["exc_info"]


def test_configuring_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings("development"))
    configure_logging(settings("development"))
    logging.getLogger("app.sample").info("hello")
    (line,) = lines(capsys)
    assert line.endswith("INFO    [-] app.sample: hello")


def test_a_stack_is_marked_as_continuation() -> None:
    text = LineFormatter().formatStack("Stack:\n  one")
    assert text == "    | Stack:\n    |   one"


def test_only_unprintable_characters_are_escaped() -> None:
    assert escape_controls("Grüße 你好 \n\x1b\u2028") == r"Grüße 你好 \n\x1b\u2028"
