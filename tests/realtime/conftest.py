"""The web server as it is deployed, on a free port, over this worker's database."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import socketio
import websocket
from flask import Flask
from sqlalchemy import create_engine, text

from app.config import Settings
from app.extensions import db
from embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60
"""The seconds that a busy machine is given for what takes a moment: waiting costs nothing."""

# Stands in for the relay: positions in the order of ids.
POSITION = text(
    "UPDATE events SET position = given.place FROM (SELECT id, row_number() OVER (ORDER BY id)"
    " + (SELECT coalesce(max(position), 0) FROM events) AS place FROM events"
    " WHERE position IS NULL) given WHERE events.id = given.id"
)


class Server:
    """A running web server."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"
        self.process = process
        self.bare: list[websocket.WebSocket] = []

    def memory(self) -> int:
        """Resident bytes of the process that serves."""
        return sum(p.memory_info().rss for p in psutil.Process(self.process.pid).children())

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **kwargs)

    def connect(self, path: str, **kwargs: Any) -> websocket.WebSocket:
        """A WebSocket to any path; from no web page, unless a header says so."""
        url = f"ws://{self.address}{path}"
        bare = websocket.create_connection(url, timeout=PATIENCE, suppress_origin=True, **kwargs)
        self.bare.append(bare)
        return bare

    def websocket(self, query: str = "", **kwargs: Any) -> websocket.WebSocket:
        """A bare WebSocket to Socket.IO, with nothing said on it yet."""
        return self.connect(f"/socket.io/?EIO=4&transport=websocket{query}", **kwargs)

    def close_all(self) -> None:
        """Hang up, whatever the tests left open."""
        while self.bare:
            self.bare.pop().shutdown()


def refused(code: str, **named: str) -> dict[str, str]:
    """How a Socket.IO client is told that it gets nothing, and of which `subscription`."""
    return {"error": code, "code": code, **named}


class Listener:
    """A Socket.IO client that keeps what it hears."""

    def __init__(self, server: Server, **kwargs: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda name, message: self.heard.append((name, message)))
        # On a busy machine a test may last until the turn of the beacon.
        self.client.on("head", lambda _message: None)
        self.refusals: list[Any] = []
        self.client.on("connect_error", self.refusals.append)
        with suppress(socketio.exceptions.ConnectionError):
            self.client.connect(server.url, wait_timeout=PATIENCE, **kwargs)

    def names(self) -> list[str]:
        """The task events it heard; accounts have events as well."""
        return [name for name, _ in self.heard if name.startswith("task.")]

    def names_of(self, entity: str) -> list[str]:
        """The events it heard of one kind of thing."""
        return [name for name, _ in self.heard if name.startswith(f"{entity}.")]

    def messages(self, task: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        wanted = [m for name, m in self.heard if name.startswith("task.")]
        return [m for m in wanted if task is None or m["task_id"] == task["id"]]

    def ask(self, **payload: Any) -> Any:
        return self.client.call("subscribe", payload, timeout=PATIENCE)


class Raw:
    """A client of the bare WebSocket, which hears one JSON text after the other."""

    def __init__(self, bare: websocket.WebSocket) -> None:
        self.bare = bare

    def say(self, **message: Any) -> None:
        self.bare.send(json.dumps(message))

    def hear(self, seconds: float = PATIENCE) -> dict[str, Any]:
        self.bare.settimeout(seconds)
        message: dict[str, Any] = json.loads(self.bare.recv())
        return message

    def ask(self, **message: Any) -> dict[str, Any]:
        """Say something, and hear the answer to it; what was on the way before is dropped."""
        self.say(**message)
        while not {"error", "subscribed", "unsubscribed"} & set(answer := self.hear()):
            pass
        return answer

    def hears_nothing(self, seconds: float = 0.5) -> bool:
        try:
            self.hear(seconds)
        except websocket.WebSocketTimeoutException:
            return True
        return False

    def close_code(self, seconds: float = PATIENCE) -> int | None:
        """The code with which the server closes; None where it merely hangs up."""
        self.bare.settimeout(seconds)
        try:
            while (frame := self.bare.recv_frame()).opcode != websocket.ABNF.OPCODE_CLOSE:
                pass
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return None
        return int.from_bytes(frame.data[:2], "big")


def wait_until(true: Callable[[], object], seconds: float) -> float:
    """Wait until `true()`; the seconds it took.

    A quiet machine needs `seconds` at most; before this fails, a busy one has been given a minute.
    """
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < max(seconds, PATIENCE), f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - started


@contextmanager
def serving(settings: Settings, log: Path, **environment: str) -> Iterator[Server]:
    """Runs a web server with these settings, and others of the `environment`."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    env |= {
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        # Named, because one that stands in .env would beat the derived one.
        "JWT_SECRET_KEY": settings.JWT_SECRET_KEY,
        "DATA_DIR": str(settings.DATA_DIR),
        "BIND": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env | environment, stdout=output, stderr=output
        )
    running = Server(port, process)
    try:
        wait_until(lambda: _answers(running), 240)
        yield running
    finally:
        running.close_all()
        process.terminate()
        process.wait(PATIENCE)
    # Whatever the clients of all these tests sent, the server's own code never failed.
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(settings, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture(autouse=True)
def hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "server" in request.fixturenames:
        request.getfixturevalue("server").close_all()
        # Positions begin anew with the next test, so nobody may be following the old log then.
        time.sleep(0.1)


def _answers(server: Server) -> bool:
    try:
        return server.get("/livez").ok
    except requests.RequestException:  # A timeout as well: the machine may be busy.
        return False


@pytest.fixture
def relay(settings: Settings) -> Iterator[None]:
    """Gives positions to new events, as the relay does."""
    engine = create_engine(settings.DATABASE_URL, isolation_level="AUTOCOMMIT")
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.02):
            with engine.connect() as connection:
                connection.execute(POSITION)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()
    engine.dispose()


def wait_for_positions(app: Flask) -> None:
    """Wait until all that has happened can be heard: a stream stands where it was handed out to."""
    with app.app_context():
        unordered = text("SELECT count(*) FROM events WHERE position IS NULL")
        wait_until(lambda: db.session.scalar(unordered) == 0, 5)


@pytest.fixture
def listen(server: Server, app: Flask, relay: None) -> Iterator[Callable[..., Listener]]:
    """Connects Socket.IO clients: `listen(ada)`."""
    open_clients: list[Listener] = []

    def connect(person: Any, **kwargs: Any) -> Listener:
        wait_for_positions(app)
        kwargs = {"transports": ["websocket"], "auth": {"token": person.access}} | kwargs
        listener = Listener(server, **kwargs)
        open_clients.append(listener)
        return listener

    yield connect
    for each in open_clients:
        each.client.disconnect()


@pytest.fixture
def listen_raw(server: Server, app: Flask, relay: None) -> Callable[..., Raw]:
    """Connects clients to the bare WebSocket: `listen_raw(ada)`."""

    def connect(person: Any, **kwargs: Any) -> Raw:
        wait_for_positions(app)
        return Raw(server.connect(f"/ws/tasks/?token={person.access}", **kwargs))

    return connect
