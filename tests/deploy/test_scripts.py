"""The two scripts that containers run: making secrets once, and the health check."""

import runpy
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.config import explicit_settings

ROOT = Path(__file__).resolve().parents[2]


class TestSecrets:
    MAKE = runpy.run_path(str(ROOT / "deploy" / "make_secrets.py"))["make_secrets"]

    def test_are_good_enough_for_production(self, tmp_path):
        TestSecrets.MAKE(tmp_path)

        made = dict(
            line.split("=", 1) for line in (tmp_path / "service.env").read_text().splitlines()
        )
        explicit_settings(
            **made, ENVIRONMENT="production", DB_NAME="tasks", REDIS_URL="redis://redis:6379/0"
        )
        assert (tmp_path / "db_password").read_text() == made["DB_PASSWORD"]
        assert (tmp_path / "metrics_token").read_text() == made["METRICS_TOKEN"]

    def test_are_for_the_service_alone(self, tmp_path):
        TestSecrets.MAKE(tmp_path)

        assert stat.S_IMODE((tmp_path / "service.env").stat().st_mode) == 0o400

    def test_stay_once_they_are_made(self, tmp_path):
        TestSecrets.MAKE(tmp_path)
        before = {file.name: file.read_text() for file in tmp_path.iterdir()}

        TestSecrets.MAKE(tmp_path)

        assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before

    def test_of_an_older_stack_get_what_is_new_and_stay_otherwise(self, tmp_path):
        old = "SECRET_KEY=a\nJWT_SECRET_KEY=b\nDB_PASSWORD=c\n"
        (tmp_path / "service.env").write_text(old)

        TestSecrets.MAKE(tmp_path)

        assert (tmp_path / "service.env").read_text().startswith(f"{old}METRICS_TOKEN=")
        assert (tmp_path / "db_password").read_text() == "c"

    def test_are_made_anew_where_making_them_was_interrupted(self, tmp_path):
        (tmp_path / "db_password").write_text("half")
        (tmp_path / "service.part").write_text("half")

        TestSecrets.MAKE(tmp_path)

        assert (tmp_path / "db_password").read_text() in (tmp_path / "service.env").read_text()


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    class Answer(BaseHTTPRequestHandler):
        """Ready, when it is asked by a name that it knows."""

        def do_GET(self) -> None:
            known = (self.path, self.headers["Host"]) == ("/readyz", "tasks.example.com")
            self.send_response(200 if known else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    ("hosts", "code"),
    [("tasks.example.com,other.org", 0), (".tasks.example.com", 0), ("other.org", 1), ("", 1)],
)
def test_the_health_check_asks_by_an_allowed_name_whether_the_service_is_ready(server, hosts, code):
    assert check_health(BIND=f"0.0.0.0:{server.server_port},[::]:1", ALLOWED_HOSTS=hosts) == code


def test_the_health_check_fails_where_nothing_answers():
    assert check_health(BIND="0.0.0.0:1") == 1


def check_health(**environ: str) -> int:
    script = [sys.executable, "deploy/healthcheck.py"]
    return subprocess.run(script, cwd=ROOT, env=environ, check=False).returncode
