"""A server that answers as AWS does, for the Lambda API."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "abc"}
FUNCTION = "task-notification"


@dataclass
class Reply:
    """One answer; with `hang` it never comes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=dict)
    hang: bool = False


def problem(status: int, code: str, message: str = "no") -> Reply:
    """An error as the Lambda API reports it."""
    return Reply(status, {"X-Amzn-ErrorType": code}, {"Type": "User", "message": message})


def failed(kind: str = "Unhandled", **told: str) -> Reply:
    """A call that reached the function, which then failed."""
    return Reply(200, {"X-Amz-Function-Error": kind}, told)


class LambdaApi(ThreadingHTTPServer):
    """Gives the replies that were `planned`, then good ones; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.planned: list[Reply] = []
        self.calls: list[tuple[str, Any]] = []
        self.contexts: list[Any] = []
        self.stopped = Event()

    @property
    def settings(self) -> dict[str, str]:
        """What makes the application call this server."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {"AWS_LAMBDA_FUNCTION_NAME": FUNCTION, "AWS_ENDPOINT_URL_LAMBDA": url, **KEYS}


class _Handler(BaseHTTPRequestHandler):
    server: LambdaApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, json.loads(body)))
        context = base64.b64decode(self.headers["X-Amz-Client-Context"])
        self.server.contexts.append(json.loads(context))
        reply = self.server.planned.pop(0) if self.server.planned else Reply()
        if reply.hang:
            self.server.stopped.wait(30)
            return
        said = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def lambda_api() -> Iterator[LambdaApi]:
    """A running server."""
    server = LambdaApi()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
