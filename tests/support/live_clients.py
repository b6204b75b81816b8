"""The programs of docs/live-clients.md while they run, and what each of them shows."""

import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any, Protocol

from playwright.sync_api import Browser, Route

USERNAME, PASSWORD = "ada", "SecurePass123!"


class Client(Protocol):
    """A client that shows board 1."""

    def lines(self) -> list[str]:
        """The cards that it shows, as `<status>: <title>`."""

    def heard(self) -> list[str]:
        """The titles in the messages that it took, in that order."""

    def stop(self) -> None: ...


class Program:
    """A Python program of the page; what it prints is read back from a file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.output = folder / f"{name}.txt"
        self._sink: IO[str] = self.output.open("w")
        self._process = subprocess.Popen(
            [sys.executable, str(folder / name)],
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=self._sink,
            stderr=subprocess.STDOUT,
        )

    def lines(self) -> list[str]:
        cards: dict[str, str] = {}
        for line in self.output.read_text().splitlines():
            word, _, rest = line.partition(" ")
            task_id, _, shown = rest.partition(" ")
            if word in ("has", "hears"):
                cards[task_id] = shown.replace(" ", ": ", 1)
            elif word == "loses":
                cards.pop(task_id, None)
        return list(cards.values())

    def heard(self) -> list[str]:
        lines = self.output.read_text().splitlines()
        return [line.split(" ", 3)[3] for line in lines if line.startswith("hears ")]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._sink.close()


TAKE_NOTES = """
async () => {
    const { Board } = await import('/board.js');
    const hear = Board.prototype.hear;
    window.heard = [];
    Board.prototype.hear = function (message) {
        window.heard.push(message.title);
        hear.call(this, message);
    };
}
"""


class Window:
    """A page of the page, in which somebody has signed in."""

    def __init__(self, browser: Browser, url: str, library: Path) -> None:
        self._context = browser.new_context()
        self._context.set_default_timeout(30_000)
        self._context.route("https://cdn.socket.io/**", partial(_serve, library))
        self.page = self._context.new_page()
        self.page.goto(url)
        self.page.evaluate(TAKE_NOTES)
        self.page.get_by_label("Username").fill(USERNAME)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button").click()

    def lines(self) -> list[str]:
        return self.page.locator("li").all_inner_texts()

    def heard(self) -> list[str]:
        titles: list[str] = self.page.evaluate("window.heard")
        return titles

    def stop(self) -> None:
        self._context.close()


def _serve(library: Path, route: Route) -> None:
    """Give the library that the page would take from its makers' host."""
    headers = {"Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*"}
    route.fulfill(path=library, headers=headers)


class Front:
    """Serves a folder, as `python3 -m http.server` does."""

    def __init__(self, folder: Path) -> None:
        handler = partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Not here."""
