"""The service as a client meets it: over HTTP and WebSocket, wherever it runs."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import websocket
from tree import PASSWORD, Tree

from embedded import ValkeyServer

HEARING_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A service that answers at `base`; `tree` where this test started it and can look inside."""

    base: str
    sockets: str
    tree: Tree | None = None

    def send(
        self, method: str, path: str, *, token: str = "", scheme: str = "Bearer", **kwargs: Any
    ) -> requests.Response:
        """A request as the document shows it. Redirects are not followed: none is promised."""
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        return requests.request(
            method, self.base + path, headers=headers, timeout=60, allow_redirects=False, **kwargs
        )

    def sign_up(self, username: str, *, scheme: str = "Bearer") -> "Client":
        """A new user, registered with no more than a name and a password."""
        body = {"username": username, "password": PASSWORD}
        account = answer_of(self.send("POST", "/register/", json=body), 201)
        issued = answer_of(self.send("POST", "/api/token/", json=body), 200)
        return Client(self, account["id"], username, issued["token"], scheme)


@contextmanager
def running(database_url: str, settings: Mapping[str, str]) -> Iterator[Service]:
    """The whole service with `settings` on a database, and with a Redis of its own.

    That it brings its own PostgreSQL, and stops cleanly, is for other tests to show.
    """
    with (
        tempfile.TemporaryDirectory(prefix="service ") as name,
        ValkeyServer(Path(name) / "valkey", throwaway=True) as valkey,
    ):
        tree = Tree(Path(name), valkey.url, settings={"DATABASE_URL": database_url} | settings)
        try:
            yield Service(tree.base, tree.base.replace("http", "ws", 1), tree)
        finally:
            tree.kill()
            print(tree.log[-8000:])


@dataclass(frozen=True)
class Client:
    """A signed-in user of the service."""

    service: Service
    id: int
    username: str
    token: str
    scheme: str = "Bearer"

    @property
    def base(self) -> str:
        """Where a Socket.IO client connects."""
        return self.service.base

    def send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.service.send(method, path, token=self.token, scheme=self.scheme, **kwargs)

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.send("GET", path, **kwargs)

    @contextmanager
    def listening(self, path: str = "/ws/tasks/") -> Iterator["Ear"]:
        """A WebSocket that has been told this client's token in its address."""
        url = f"{self.service.sockets}{path}?token={self.token}"
        connection = websocket.create_connection(url, timeout=HEARING_SECONDS, suppress_origin=True)
        try:
            yield Ear(connection)
        finally:
            connection.shutdown()


@dataclass(frozen=True)
class Ear:
    """What a client hears on a WebSocket."""

    connection: websocket.WebSocket

    def next(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message of which `true` holds; fails when none comes."""
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv())
            if true(message):
                return message

    def next_about(self, task_id: int) -> dict[str, Any]:
        return self.next(lambda message: message.get("task_id") == task_id)


def answer_of(response: requests.Response, status: int) -> Any:
    """The body of an answer that must have `status`."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json() if response.content else None


def is_refusal_for_too_many(response: requests.Response) -> bool:
    """Whether it is a 429 that says when to come back and how much is allowed."""
    return (
        response.status_code == 429
        and int(response.headers["Retry-After"]) > 0
        and {"RateLimit", "RateLimit-Policy"} <= response.headers.keys()
    )
