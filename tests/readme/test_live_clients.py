"""The clients of docs/live-clients.md are run as they stand, over a line that is really cut."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from browsing import CHROMIUM, MISSING, launch
from cable import Cable
from documents import ROOT, blocks_of, here
from live_clients import USERNAME, Client, Front, Program, Window
from playwright.sync_api import Browser, sync_playwright
from service import running
from tree import Tree, User, wait_until

TEXT = (ROOT / "docs" / "live-clients.md").read_text()
BLOCKS = blocks_of(TEXT)
PROGRAMS = ["live_socketio.py", "live_websocket.py"]
PAGES = ["socketio.html", "websocket.html"]
LIBRARY = ROOT / "app" / "web" / "static" / "vendor" / "socket.io-client-4.8.4"
KEY = "only-for-tests-" + "x" * 32
TOKEN_SECONDS = 15
SECONDS = 60

pytestmark = [pytest.mark.xdist_group("live clients"), pytest.mark.timeout(300)]


class ShortTokens:
    """Gives access tokens, on their way to a client, less time while `is_on`."""

    def __init__(self) -> None:
        self.is_on = True
        self.refreshed = 0

    def __call__(self, data: bytes) -> bytes:
        self.refreshed += data.startswith(b"POST /api/v1/auth/refresh/")
        return re.sub(rb'(?<="access":")[^"]+', self._short, data) if self.is_on else data

    def _short(self, found: re.Match[bytes]) -> bytes:
        claims = jwt.decode(found[0], options={"verify_signature": False})
        return jwt.encode(claims | {"exp": int(time.time()) + TOKEN_SECONDS}, KEY).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def front(folder: Path) -> Iterator[Front]:
    serving = Front(folder)
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def tree(front: Front, fresh_database_url: str) -> Iterator[Tree]:
    settings = {
        "CORS_ORIGINS": front.origin,
        "JWT_SECRET_KEY": KEY,
        "SIGN_IN_RATE": "1000000/minute",
    }
    with running(fresh_database_url, settings) as service:
        assert service.tree
        yield service.tree


@pytest.fixture(scope="module")
def tokens() -> ShortTokens:
    return ShortTokens()


@pytest.fixture(scope="module")
def cable(tree: Tree, tokens: ShortTokens) -> Iterator[Cable]:
    line = Cable(tree.port, tokens)
    yield line
    line.close()


@pytest.fixture(scope="module")
def ada(tree: Tree) -> User:
    """Ada, as the first commands of the page make her."""
    setup = next(block.body for block in BLOCKS if block.kind == "bash")
    found = _bash(tree, setup + "echo $TOKEN").strip()
    user_id = int(jwt.decode(found, options={"verify_signature": False})["sub"])
    return User(tree.base, user_id, USERNAME, found)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


@pytest.fixture(scope="module")
def files(folder: Path, cable: Cable) -> Path:
    """The files of the page, for a service at the end of the cable."""
    for _, body, file in BLOCKS:
        if file is not None:
            (folder / file).write_text(body.replace("127.0.0.1:5000", f"127.0.0.1:{cable.port}"))
    return folder


@pytest.fixture(scope="module")
def programs(files: Path, ada: User) -> Iterator[list[Client]]:
    started = [Program(files, name) for name in PROGRAMS]
    yield [*started]
    for each in started:
        print(each.output.read_text())
        each.stop()


@pytest.fixture(scope="module")
def windows(browser: Browser, front: Front, files: Path, ada: User) -> Iterator[list[Client]]:
    library = LIBRARY / "socket.io.esm.min.js"
    opened = [Window(browser, f"{front.origin}/{name}", library) for name in PAGES]
    yield [*opened]
    for each in opened:
        each.stop()


@pytest.fixture(scope="module")
def clients(programs: list[Client], windows: list[Client], ada: User) -> list[Client]:
    """All of them, once they hear."""
    both = programs + windows
    _all_hear(both, ada, "Are you there?")
    return both


def _bash(tree: Tree, script: str) -> str:
    run = subprocess.run(
        ["bash", "-ec", here(script, tree)],
        cwd=ROOT, env=tree.environ, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return run.stdout


def _create(ada: User, *titles: str) -> None:
    for title in titles:
        ada.create(title=title, board=1)


def _board(ada: User) -> list[str]:
    columns = ada.send("GET", "/boards/1/").json()["columns"]
    return sorted(f"{each['status']}: {each['title']}" for c in columns for each in c["tasks"])


def _all_show_the_board(clients: list[Client], ada: User) -> None:
    expected = _board(ada)
    for each in clients:
        wait_until(lambda each=each: sorted(each.lines()) == expected, SECONDS, f"{each}")


def _all_hear(clients: list[Client], ada: User, title: str) -> None:
    """Each client shows what is made now; nobody was asked whether it is connected yet."""
    _create(ada, title)
    _all_show_the_board(clients, ada)


def test_every_block_is_run():
    assert {block.file for block in BLOCKS if block.kind in ("javascript", "python", "html")} == {
        *PROGRAMS, *PAGES, "account.js", "account.py", "board.js", "board.py", "resume.js", "resume.py",
    }  # fmt: skip
    assert {block.kind for block in BLOCKS if block.file is None} == {"", "bash", "json"}
    assert [block.body for block in BLOCKS if block.kind == ""] == [
        "CORS_ORIGINS=http://127.0.0.1:8080 ./quick-start.sh\n",
        "python3 -m http.server 8080 --bind 127.0.0.1\n",
    ]


def test_the_resuming_code_is_forty_lines_at_most():
    for block in BLOCKS:
        if block.file and block.file.startswith("resume."):
            assert len([line for line in block.body.splitlines() if line.strip()]) <= 40, block.file


def test_the_library_of_the_page_is_the_one_that_is_tested():
    (version,) = re.findall(r"https://cdn\.socket\.io/([\d.]+)/socket\.io\.esm\.min\.js", TEXT)
    assert LIBRARY.name == f"socket.io-client-{version}"


def test_what_changes_on_the_board_is_heard(clients, ada):
    task = ada.create(title="Paint the fence", board=1)
    path = f"/tasks/{task['id']}/"
    ada.send("POST", f"{path}move/", json={"status": "DONE"}).raise_for_status()
    ada.send("POST", f"{path}comments/", json={"body": "Done."}).raise_for_status()
    assert "DONE: Paint the fence" in _board(ada)
    _all_show_the_board(clients, ada)
    ada.send("DELETE", path).raise_for_status()
    _all_show_the_board(clients, ada)


def test_nothing_is_missed_while_the_line_is_cut(clients, cable, ada):
    titles = [f"While cut {number}" for number in range(10)]
    cable.cut()
    _create(ada, *titles)
    cable.mend()
    _all_hear(clients, ada, "Mended")
    for each in clients:
        assert [title for title in each.heard() if title in titles] == titles
        assert each.heard()[-1] == "Mended"


def test_nothing_is_missed_when_the_line_is_cut_again_and_again(clients, cable, ada):
    titles = [f"Flapping {number}" for number in range(12)]
    for number, title in enumerate(titles):
        if number % 4 == 2:
            cable.cut()
            cable.mend()
        _create(ada, title)
    _all_show_the_board(clients, ada)
    for each in clients:
        assert [title for title in each.heard() if title in titles] == titles


def test_nothing_is_missed_when_the_service_dies(clients, tree, ada):
    _create(ada, "Before")
    for process in tree.children("gunicorn"):
        process.kill()
    wait_until(tree.is_ready, SECONDS, "readiness")
    _create(ada, "After 1", "After 2")
    _all_show_the_board(clients, ada)
    for each in clients:
        assert each.heard()[-3:] == ["Before", "After 1", "After 2"]


def test_an_expired_token_is_refreshed(clients, tokens, ada):
    tokens.is_on = False
    wait_until(lambda: tokens.refreshed >= len(clients), TOKEN_SECONDS + SECONDS, "refreshing")
    _all_hear(clients, ada, "Still here")
    assert all(each.heard()[-1] == "Still here" for each in clients)
