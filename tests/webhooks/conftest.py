import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import ProjectMade, make_project, rows  # noqa: F401 - fixtures
from tests.conftest import Person
from tests.workers.support import answer, deliveries, relay

WEBHOOKS = "/api/v1/webhooks/"


@dataclass
class Post:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return self.message["type"]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """An HTTP server that keeps what it is sent; `status`, `answer` and `hang` may be changed."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"ok"
    posts: list[Post] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    refuses: Callable[[Post], bool] = lambda post: False

    @property
    def accepted(self) -> list[Post]:
        return [post for post in self.posts if post.headers["answered"] == "200"]

    @property
    def types(self) -> list[str]:
        return [post.type for post in self.posts]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    box = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            post = Post(self.path, headers, body)
            status = 500 if box.refuses(post) else box.status
            headers["answered"] = str(status)
            box.posts.append(post)
            box.before_answer()
            self.send_response(status)
            for name, value in box.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(box.answer)))
            self.end_headers()
            self.wfile.write(box.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    box.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture
def change_settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: Any) -> None:
        changed = app.config["SETTINGS"].model_copy(update=values)
        monkeypatch.setitem(app.config, "SETTINGS", changed)

    return change


@pytest.fixture
def local(change_settings: Callable[..., None]) -> None:
    """Receivers on this machine may be called."""
    change_settings(WEBHOOK_ALLOWED_NETWORKS=["127.0.0.0/8"])


@pytest.fixture
def project(make_project: Callable[..., ProjectMade], ada: Person) -> ProjectMade:  # noqa: F811
    return make_project(ada)


@pytest.fixture
def hook(local: None, receiver: Receiver) -> Callable[..., dict[str, Any]]:
    """Makes endpoints at the receiver."""

    def make(person: Person, project: ProjectMade | None = None, **fields: Any) -> dict[str, Any]:
        where = {"project": project.id} if project else {}
        answer = person.post(WEBHOOKS, json={"url": receiver.url} | where | fields)
        assert answer.status_code == 201, answer.text
        return answer.json

    return make


def path_of(hook: dict[str, Any], rest: str = "") -> str:
    return f"{WEBHOOKS}{hook['id']}/{rest}"


def owed(app: Flask, **where: Any) -> Any:
    return deliveries(app, channel="webhook", **where)


def send(app: Flask) -> list[str]:
    """Let the relay and one worker do what is due now; what the attempts say."""
    relay(app)
    return [answer(app, delivery.id) for delivery in owed(app, state="pending")]
