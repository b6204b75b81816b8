"""The clients of docs/live-clients.md, running over a line that a test can cut.

One service for all tests of this folder, and each client is started once.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from cable import Cable
from documents import ROOT, bash, blocks_of
from live_clients import USERNAME, Client, Front, Program, Window
from playwright.sync_api import Browser
from service import running
from tree import Tree, User

BLOCKS = blocks_of((ROOT / "docs" / "live-clients.md").read_text())
LIBRARY = ROOT / "app" / "web" / "static" / "vendor" / "socket.io-client-4.8.4"
KEY = "only-for-tests-" + "x" * 32
TOKEN_SECONDS = 20


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.xdist_group("live clients"))
    item.add_marker(pytest.mark.timeout(300))


class ShortTokens:
    """Gives access tokens, on their way to a client, less time while `is_on`.

    `until` is when the last of them expires, `refreshed` how often a client wanted another.
    """

    def __init__(self) -> None:
        self.is_on = True
        self.until = 0
        self.refreshed = 0

    def __call__(self, data: bytes) -> bytes:
        self.refreshed += data.startswith(b"POST /api/v1/auth/refresh/")
        return re.sub(rb'(?<="access":")[^"]+', self._short, data) if self.is_on else data

    def _short(self, found: re.Match[bytes]) -> bytes:
        claims = jwt.decode(found[0], options={"verify_signature": False})
        self.until = int(time.time()) + TOKEN_SECONDS
        return jwt.encode(claims | {"exp": self.until}, KEY).encode()


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="package")
def front(folder: Path) -> Iterator[Front]:
    serving = Front(folder)
    yield serving
    serving.stop()


@pytest.fixture(scope="package")
def tree(front: Front, new_database_url: Callable[[], str]) -> Iterator[Tree]:
    settings = {
        "CORS_ORIGINS": front.origin,
        "JWT_SECRET_KEY": KEY,
        "SIGN_IN_RATE": "1000000/minute",
    }
    with running(new_database_url(), settings) as service:
        assert service.tree
        yield service.tree


@pytest.fixture(scope="package")
def tokens() -> ShortTokens:
    return ShortTokens()


@pytest.fixture(scope="package")
def cable(tree: Tree, tokens: ShortTokens) -> Iterator[Cable]:
    line = Cable(tree.port, tokens)
    yield line
    line.close()


@pytest.fixture(scope="package")
def ada(tree: Tree) -> User:
    """Ada, as the first commands of the page make her."""
    setup = next(block.body for block in BLOCKS if block.kind == "bash")
    found = bash(tree, f"{setup}echo $TOKEN").strip()
    user_id = int(jwt.decode(found, options={"verify_signature": False})["sub"])
    return User(tree.base, user_id, USERNAME, found)


@pytest.fixture(scope="package")
def files(folder: Path, cable: Cable) -> Path:
    """The files of the page, for a service at the end of the cable."""
    for _, body, file in BLOCKS:
        if file is not None:
            (folder / file).write_text(body.replace("127.0.0.1:5000", f"127.0.0.1:{cable.port}"))
    return folder


@pytest.fixture(scope="package")
def programs(files: Path, ada: User) -> Iterator[list[Client]]:
    started = [Program(files, name) for name in ("live_socketio.py", "live_websocket.py")]
    yield [*started]
    for each in started:
        print(each.output.read_text())
        each.stop()


@pytest.fixture(scope="package")
def windows(chromium: Browser, front: Front, files: Path, ada: User) -> Iterator[list[Client]]:
    library = LIBRARY / "socket.io.esm.min.js"
    opened = [
        Window(chromium, f"{front.origin}/{name}", library)
        for name in ("socketio.html", "websocket.html")
    ]
    yield [*opened]
    for each in opened:
        each.stop()


@pytest.fixture
def clients(programs: list[Client], windows: list[Client]) -> list[Client]:
    return programs + windows
