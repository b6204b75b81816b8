"""Ordinary requests at a steady rate, and how long each took.

`python -m benchmarks.live.http_load <port> <token> <board> <seconds> <rate>` says that it is ready,
waits for a line and prints milliseconds as JSON. A request that comes late because another takes
long counts from the moment at which it was due.
"""

import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from itertools import count, cycle
from typing import Any

from benchmarks.live.pacing import ready_then_go

THREADS = 8


class Requests:
    """One after the other on one connection: lists, a task, a change."""

    def __init__(self, port: int, token: str, board: int) -> None:
        self._port, self._board = port, board
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._line: http.client.HTTPConnection | None = None
        created = self._send("POST", "/api/v1/tasks/", {"title": "A request", "board": board})
        self._path = f"/api/v1/tasks/{created['id']}/"
        self._numbers = count()
        self._turns = cycle((self.list, self.read, self.change, self.read))

    def next(self) -> None:
        """Send one request. Raises RuntimeError where it is refused."""
        next(self._turns)()

    def list(self) -> None:
        self._send("GET", f"/api/v1/tasks/?board={self._board}")

    def read(self) -> None:
        self._send("GET", self._path)

    def change(self) -> None:
        self._send("PATCH", self._path, {"title": f"Request {next(self._numbers)}"})

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return self._once(method, path, body)
        except (http.client.HTTPException, ConnectionError):
            # The server closes what was silent for a while.
            self._line = None
            return self._once(method, path, body)

    def _once(self, method: str, path: str, body: Any) -> Any:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._line.request(method, path, json.dumps(body) if body else None, self._headers)
        response = self._line.getresponse()
        text = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {text.decode()[:300]}")
        return json.loads(text)


def pace(send: Callable[[], None], first: float, pause: float, until: float) -> list[float]:
    """Call `send` at its moments from `first` on; the milliseconds that each took."""
    took, due = [], first
    while due < until:
        time.sleep(max(0.0, due - time.monotonic()))
        send()
        took.append((time.monotonic() - due) * 1000)
        due += pause
    return took


def main() -> None:
    """Send them."""
    port, token, board, seconds, rate = sys.argv[1:]
    senders = [Requests(int(port), token, int(board)) for _ in range(THREADS)]
    ready_then_go()
    began, pause = time.monotonic(), THREADS / float(rate)
    took: list[float] = []

    def work(number: int) -> None:
        first = began + number * pause / THREADS
        took.extend(pace(senders[number].next, first, pause, began + float(seconds)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main()
