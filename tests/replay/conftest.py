"""Each module replays one document against the whole service on a fresh database.

`REPLAY_URL` (and `REPLAY_WS_URL`, where sockets have another address) names a service that runs
already, on a fresh database: then what only the inside can show is left out, and named at the end.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from replay_table import items, written
from service import Service, running
from tree import Tree

URL = os.environ.get("REPLAY_URL", "").rstrip("/")
SOCKETS = os.environ.get("REPLAY_WS_URL", "").rstrip("/") or URL.replace("http", "ws", 1)

RATES = {"THROTTLE_ANON_RATE": "100/hour", "THROTTLE_USER_RATE": "1000/hour"}
"""As a document shows them; other tests of a whole service lift them."""


class TableWriter:
    """Notes how each item ended and writes the page in the end."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.results: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.rpartition("::")[2].partition("@")[0]
        if report.failed:
            self.results[test] = "red"
        elif report.when == "call":
            self.results.setdefault(test, "green")

    def pytest_sessionfinish(self) -> None:
        self.file.write_text(written(self.results), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--replay-table", type=Path, metavar="FILE", help="write items and results to FILE"
    )


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("replay_table", None)
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(TableWriter(file))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not URL:
        return
    inside = [item for item in items if item.get_closest_marker("inside")]
    items[:] = [item for item in items if item not in inside]
    config.hook.pytest_deselected(items=inside)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not URL:
        return
    inside = [str(item.number) for item in items() if item.inside]
    partly = [str(item.number) for item in items() if item.partly_inside and not item.inside]
    terminalreporter.write_line(f"replayed against {URL}, sockets at {SOCKETS}")
    terminalreporter.write_line(f"inside, not run: items {', '.join(inside)}")
    terminalreporter.write_line(f"inside, shown in part: items {', '.join(partly)}")


@pytest.fixture(scope="module")
def service(request: pytest.FixtureRequest, fresh_database_url: str) -> Iterator[Service]:
    """The service with the variables of the module's document (`ENVIRON`), if it shows any."""
    if URL:
        yield Service(URL, SOCKETS)
        return
    shown = getattr(request.module, "ENVIRON", {})
    with running(fresh_database_url, RATES | shown) as started:
        yield started


@pytest.fixture(scope="module")
def tree(service: Service) -> Tree | None:
    """The inside of the service; None where it runs elsewhere."""
    return service.tree
