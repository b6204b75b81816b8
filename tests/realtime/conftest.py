"""The web server as it is deployed, on a free port, over this worker's database."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import socketio
import websocket
from sqlalchemy import create_engine, text

from app.config import Settings
from embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[2]

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
        return requests.get(self.url + path, timeout=5, **kwargs)

    def websocket(self, query: str = "", **kwargs: Any) -> websocket.WebSocket:
        """A bare WebSocket to Socket.IO, with nothing said on it yet."""
        url = f"ws://{self.address}/socket.io/?EIO=4&transport=websocket{query}"
        bare = websocket.create_connection(url, timeout=10, suppress_origin=True, **kwargs)
        self.bare.append(bare)
        return bare

    def close_all(self) -> None:
        """Hang up, whatever the tests left open."""
        while self.bare:
            self.bare.pop().shutdown()


class Listener:
    """A Socket.IO client that keeps what it hears."""

    def __init__(self, server: Server, **kwargs: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda name, message: self.heard.append((name, message)))
        self.refusals: list[Any] = []
        self.client.on("connect_error", self.refusals.append)
        with suppress(socketio.exceptions.ConnectionError):
            self.client.connect(server.url, wait_timeout=5, **kwargs)

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
        return self.client.call("subscribe", payload, timeout=5)


def wait_until(true: Callable[[], object], seconds: float) -> float:
    """Wait until `true()`; the seconds it took. Fails after `seconds`."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - started


@pytest.fixture(scope="session")
def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
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
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    running = Server(port, process)
    try:
        wait_until(lambda: _answers(running), 20)
        yield running
    finally:
        process.terminate()
        process.wait(15)
    # Whatever the clients of all these tests sent, the server's own code never failed.
    assert "Traceback" not in log.read_text(), log.read_text()


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
    except requests.ConnectionError:
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


@pytest.fixture
def listen(server: Server, app: object, relay: None) -> Iterator[Callable[..., Listener]]:
    """Connects Socket.IO clients: `listen(ada)`."""
    open_clients: list[Listener] = []

    def connect(person: Any, **kwargs: Any) -> Listener:
        kwargs.setdefault("transports", ["websocket"])
        listener = Listener(server, auth={"token": person.access}, **kwargs)
        open_clients.append(listener)
        return listener

    yield connect
    for each in open_clients:
        each.client.disconnect()
