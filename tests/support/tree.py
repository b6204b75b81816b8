"""The real process tree for tests: `run.py`, an SMTP server, a Redis of the test's own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from threading import Lock
from typing import Any

import psutil
import requests
import socketio
from aiosmtpd.controller import Controller

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"": ROOT / "run.py", "nginx": ROOT / "tests" / "support" / "behind_nginx.py"}
"""What starts the service: all of it in few processes, or several of each kind behind a proxy."""

PASSWORD = "correct horse battery staple"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], Any], seconds: float = 15, what: str = "it") -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class MailSink:
    """Takes every mail it is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.port = free_port()
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        return "250 OK"

    def to(self, username: str) -> list[EmailMessage]:
        return [m for m in list(self.messages) if f"{username}@example.com" in m["To"]]

    def stop(self) -> None:
        self._server.stop()


@dataclass
class User:
    """A person with a token, talking HTTP to the tree."""

    base: str
    id: int
    username: str
    token: str

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | kwargs.pop("headers", {})
        return requests.request(
            method, f"{self.base}/api/v1{path}", headers=headers, timeout=20, **kwargs
        )

    def create(self, **fields: Any) -> dict[str, Any]:
        answer = self.send("POST", "/tasks/", json={"title": "A task"} | fields)
        answer.raise_for_status()
        task: dict[str, Any] = answer.json()
        return task


@dataclass
class Listener:
    """A Socket.IO client that keeps what it hears, with the time."""

    client: socketio.Client = field(default_factory=socketio.Client)
    heard: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)

    def listen(self, user: User, transports: Sequence[str] | None = None) -> "Listener":
        @self.client.on("*")
        def hear(event: str, message: dict[str, Any]) -> None:
            # A user also hears of the own account: its registration, its password.
            if event.startswith("task."):
                self.heard.append((time.monotonic(), event, message))

        self.client.connect(user.base, auth={"token": user.token}, transports=transports)
        return self

    def about(self, task_id: int) -> list[tuple[str, int]]:
        return [(e, m["seq"]) for _, e, m in list(self.heard) if m["task_id"] == task_id]


class Tree:
    """`run.py` and all its children, started as a user starts them; or the same `behind` nginx."""

    behind = ""

    def __init__(
        self,
        folder: Path,
        redis_url: str | None = None,
        *,
        mail_to_files: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.mail = MailSink()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / "tree.log"
        self._lock = Lock()
        self._numbers = 0
        self.data_dir = folder / "data"
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        environ |= {
            "DATA_DIR": str(self.data_dir),
            "BIND": f"127.0.0.1:{self.port}",
            "EMAIL_HOST": "" if mail_to_files else "127.0.0.1",
            "EMAIL_PORT": str(self.mail.port),
            "EMAIL_DIGEST_SECONDS": "0",
            "THROTTLE_USER_RATE": "1000000/hour",
            "THROTTLE_ANON_RATE": "1000000/hour",
            "TRUSTED_PROXIES": "1" if self.behind else "0",
        } | ({"REDIS_URL": redis_url} if redis_url else {})
        environ |= settings or {}
        self.environ = environ
        with self.log_file.open("w") as log:
            self.process = psutil.Popen(
                [sys.executable, str(PROGRAMS[self.behind])],
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(self.is_ready, 100, "readiness")
        except AssertionError:
            self.kill()
            raise AssertionError(self.log) from None

    def is_ready(self) -> bool:
        assert self.process.is_running(), self.log
        try:
            return requests.get(f"{self.base}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def lines(self, pattern: str) -> list[str]:
        return [line for line in self.log.splitlines() if re.search(pattern, line)]

    def user(self, name: str) -> User:
        with self._lock:
            self._numbers += 1
            username = f"{name}{self._numbers}"
        body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        url = f"{self.base}/api/v1/auth"
        requests.post(f"{url}/users/", json=body, timeout=20).raise_for_status()
        signed_in = requests.post(
            f"{url}/login/", json={"username": username, "password": PASSWORD}, timeout=20
        ).json()
        return User(self.base, signed_in["user"]["id"], username, signed_in["access"])

    def flask(self, *words: str) -> str:
        """What `flask …` prints, run beside the service as an operator does."""
        run = subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=ROOT, env=self.environ, check=False, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def address(self, setting: str) -> str:
        """How to reach a server of the tree: DATABASE_URL or REDIS_URL."""
        if setting in self.environ:
            return self.environ[setting]
        lines = (self.data_dir / "runtime.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[setting]

    def children(self, name: str) -> list[psutil.Process]:
        """The supervised processes whose command line holds `name`, the outermost first."""
        found = []
        for child in self.process.children(recursive=True):
            try:
                command = " ".join(child.cmdline())
            except psutil.Error:
                continue
            if name in command or name in child.name():
                found.append(child)
        return found

    def kill(self) -> None:
        """End everything at once."""
        everyone = [self.process, *self.process.children(recursive=True)]
        for process in everyone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(everyone, timeout=5)
        self.mail.stop()

    def stop(self) -> list[psutil.Process]:
        """Stop as Ctrl-C does; returns what is left behind."""
        everyone = self.process.children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)
        self.mail.stop()
        return psutil.wait_procs(everyone, timeout=5)[1]
