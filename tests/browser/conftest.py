"""The pages in a real Chromium, over the whole service; one service for all tests of this folder.

A test fails when a page complains in the console, throws, breaks its Content-Security-Policy or
asks another host. `SCREENSHOTS=folder` keeps the pictures that tests take, and those of failures.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from browsing import WAIT_MS, Complaints, Picture, Windows
from playwright.sync_api import Browser, Page, expect
from service import running
from tree import PASSWORD, Tree, User

PLENTY = {
    "SIGN_IN_RATE": "1000000/minute",
    "SOCKETS_PER_USER": "100",
    "SOCKETS_PER_ADDRESS": "1000",
}
FAILED = pytest.StashKey[bool]()


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="package")
def site(chromium: Browser, new_database_url: Callable[[], str]) -> Iterator[Tree]:
    """The whole service; not started where there is no browser."""
    with running(new_database_url(), PLENTY) as service:
        assert service.tree
        yield service.tree


@pytest.fixture(autouse=True)
def fresh_limits(site: Tree) -> None:
    """Everybody here comes from one address, which may register and sign in only so often."""
    with redis.Redis.from_url(site.address("REDIS_URL")) as client:
        for key in client.scan_iter("*limit*", count=1000):
            client.delete(key)


@pytest.fixture
def person(site: Tree) -> Callable[..., User]:
    """Registers people over HTTP: `person("ada")` has a name of its own and a token."""
    return site.user


@pytest.fixture
def ada(person: Callable[..., User]) -> User:
    return person("ada")


@pytest.fixture
def bob(person: Callable[..., User]) -> User:
    return person("bob")


@pytest.fixture
def project(ada: User, bob: User) -> dict[str, Any]:
    """A project of Ada's that Bob is a member of."""
    made: dict[str, Any] = ada.send("POST", "/projects/", json={"name": "Orchard"}).json()
    path = f"/projects/{made['id']}/members/"
    ada.send("POST", path, json={"user": bob.id}).raise_for_status()
    return made


@pytest.fixture
def board(ada: User, project: dict[str, Any]) -> dict[str, Any]:
    """The board that the project came with."""
    found = ada.send("GET", "/boards/", params={"project": project["id"]}).json()["results"]
    return found[0]


@pytest.fixture
def complaints(site: Tree) -> Complaints:
    return Complaints(site.base)


@pytest.fixture
def windows(
    request: pytest.FixtureRequest,
    chromium: Browser,
    site: Tree,
    complaints: Complaints,
    tmp_path: Path,
) -> Iterator[Windows]:
    """Opens pages, each for somebody else: `windows.open("/")`."""
    opened = Windows(chromium, site.base, complaints)
    yield opened
    if request.node.stash.get(FAILED, False):
        print("pictures:", *opened.pictures(_pictures(tmp_path, request.node.name)))
    opened.close()
    assert complaints.heard == []


@pytest.fixture
def page(windows: Windows) -> Page:
    """A page of a person who was never here before."""
    return windows.open()


@pytest.fixture
def enter(windows: Windows) -> Callable[..., Page]:
    """Opens a page for somebody who is signed in: `enter(ada, "#tasks")`."""

    def open_for(user: User, place: str = "", **options: Any) -> Page:
        page = windows.open(**options)
        credentials = {"username": user.username, "password": PASSWORD}
        assert page.request.post("/session/", data=credentials).ok
        page.goto(f"/{place}")
        page.locator("#main").wait_for()
        return page

    return open_for


@pytest.fixture
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> Picture:
    """Takes a picture for people to look at: `picture(page, "board-dark")`."""

    def take(page: Page, name: str) -> Path:
        file = _pictures(tmp_path, request.node.name) / f"{name}.png"
        page.screenshot(path=file)
        return file

    return take


def _pictures(otherwise: Path, test: str) -> Path:
    folder = os.environ.get("SCREENSHOTS")
    place = Path(folder) / test.partition("[")[0] if folder else otherwise
    place.mkdir(parents=True, exist_ok=True)
    return place
