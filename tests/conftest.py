"""One throw-away PostgreSQL and Valkey per run; one database and one Redis database per worker.

The controller starts both servers, migrates a template once and hands the addresses to the xdist
workers, which clone the template. After each test the tables are emptied; nothing is mocked.
"""

import os
import runpy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis
from _pytest.nodeid import NodeId
from argon2 import PasswordHasher
from browsing import CHROMIUM, MISSING, launch
from emptying import EMPTY, create_emptying
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from tree import Tree

from app import create_app
from app.auth import tokens
from app.auth.service import open_session
from app.config import Settings, explicit_settings
from app.core.db import unit_of_work
from app.extensions import db
from app.users import passwords
from app.users import service as users
from app.users.models import Role
from app.users.passwords import hash_password
from embedded import throwaway_servers

# Signing in is tried hundreds of times; what makes it safe is only its price.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

PASSWORD = "correct horse battery staple"
PASSWORD_HASH = hash_password(PASSWORD)
SECRET = "only-for-tests-" + "x" * 32
TEMPLATE = "template_tests"

# What the migrations put into the tables.
MIGRATIONS = Path(__file__).parents[1] / "migrations" / "versions"
DEFAULT_PROJECT = runpy.run_path(str(MIGRATIONS / "20261121_0002_projects.py"))["DEFAULT_PROJECT"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--behind",
        choices=["", "nginx"],
        default="",
        help="start whole services with two web and two realtime processes behind this proxy",
    )


def pytest_configure(config: pytest.Config) -> None:
    _forget_environment()
    Tree.behind = config.getoption("behind")
    if hasattr(config, "workerinput"):
        config.servers = config.workerinput["servers"]  # type: ignore[attr-defined]
        return
    stack = ExitStack()
    servers = stack.enter_context(throwaway_servers())
    config.add_cleanup(stack.close)
    addresses = {"database": servers.database_url, "redis": servers.redis_url}
    config.servers = addresses  # type: ignore[attr-defined]
    _make_template(servers.database_url, servers.redis_url)


def _forget_environment() -> None:
    """Remove settings from the environment: in a container, they would lead to the real data."""
    for name, field in Settings.model_fields.items():
        for known in (name, *getattr(field.validation_alias, "choices", ())):
            os.environ.pop(known, None)


def pytest_configure_node(node: Any) -> None:
    node.workerinput["servers"] = node.config.servers


class Folder(pytest.Package):
    """A folder of tests; pytest takes only those with an `__init__.py` for packages.

    In others, what has the scope "package" would live until the end of all tests: whole services
    that ask their databases for news all the time, and pages that follow them.
    """

    def setup(self) -> None:
        """Import nothing."""


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector:
    folder: Folder = Folder.from_parent(parent, path=path)
    return folder


WHOLE_SERVICE = {"browser", "embedded", "readme", "realtime", "replay", "system", "workers"}
"""The folders whose tests start servers or processes; all others hold unit tests."""


def pytest_itemcollected(item: pytest.Item) -> None:
    if not WHOLE_SERVICE & set(item.path.parts):
        item.add_marker("unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that in the end no worker is left alone with it.

    And put the group behind each id, where the scheduler looks for it: xdist 3.8 means to do so,
    but pytest 9.2 keeps ids elsewhere, so that groups had no effect.
    """
    items.sort(key=lambda item: item.get_closest_marker("unit") is not None)
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason, however many tests were skipped for it."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, number in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{number} skipped: {reason.removeprefix('Skipped: ')}")


def _make_template(database_url: str, redis_url: str) -> None:
    _execute(database_url, f"CREATE DATABASE {TEMPLATE}")
    url = make_url(database_url).set(database=TEMPLATE).render_as_string(hide_password=False)
    app = create_app(_settings(url, redis_url, Path("instance")))
    with app.app_context():
        upgrade()
        db.engine.dispose()


def _execute(database_url: str, statement: str) -> None:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _settings(database_url: str, redis_url: str, data_dir: Path, **more: object) -> Settings:
    values: dict[str, object] = {
        "SECRET_KEY": SECRET,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": data_dir,
        "THROTTLE_USER_RATE": "100000/hour",
        "THROTTLE_ANON_RATE": "100000/hour",
        "SIGN_IN_RATE": "10/5minute",
        # People of the tests share nothing that a test does not say.
        "JOIN_DEFAULT_PROJECT": False,
        "EMAIL_DIGEST_SECONDS": 0,
    }
    return explicit_settings(**(values | more))


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, worker_id: str) -> str:
    """A database of this worker's own, with all migrations."""
    return _new_database(request.config, f"tests_{worker_id}")


@pytest.fixture(scope="module")
def fresh_database_url(request: pytest.FixtureRequest, worker_id: str) -> str:
    """A database of the module's own, as a first start leaves it."""
    return _new_database(request.config, f"fresh_{worker_id}_{next(_numbers)}")


@pytest.fixture(scope="session")
def new_database_url(request: pytest.FixtureRequest, worker_id: str) -> Callable[[], str]:
    """Makes such databases, for a folder whose modules share one."""
    return lambda: _new_database(request.config, f"fresh_{worker_id}_{next(_numbers)}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all tests of a worker: only one of Playwright's loops can run in a process."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright, launch(playwright) as started:
        yield started


def _new_database(config: pytest.Config, name: str) -> str:
    base = config.servers["database"]  # type: ignore[attr-defined]
    _execute(base, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return make_url(base).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest, worker_id: str) -> str:
    """A Redis database of this worker's own."""
    number = int(worker_id.removeprefix("gw") or 0) + 1 if worker_id != "master" else 1
    base: str = request.config.servers["redis"]  # type: ignore[attr-defined]
    return base.rpartition("/")[0] + f"/{number}"


@pytest.fixture(scope="session")
def settings(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return _settings(database_url, redis_url, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> Flask:
    created = create_app(settings)
    with created.app_context(), db.engine.begin() as connection:
        create_emptying(connection, db.metadata, DEFAULT_PROJECT)
    return created


@pytest.fixture(scope="session")
def redis_client(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, decode_responses=True)


@pytest.fixture
def app(shared_app: Flask, redis_client: redis.Redis) -> Iterator[Flask]:
    """The application, over empty tables and an empty Redis."""
    yield shared_app
    with shared_app.app_context():
        db.session.remove()
        with db.engine.begin() as connection:
            connection.execute(EMPTY)
    redis_client.flushdb()
    with shared_app.app_context():
        shared_app.extensions["cache"].stale = False
        shared_app.extensions["cache"].breaker.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a token."""
    return app.test_client()


@dataclass(eq=False)
class Person:
    """A registered user with a signed-in client."""

    id: int
    username: str
    access: str
    refresh: str
    client: FlaskClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        """`person.get("/api/v1/tasks/")`: a request with the person's token."""
        send = getattr(self.client, verb)

        def call(path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> Any:
            return send(path, headers=self.headers | (headers or {}), **kwargs)

        return call

    def create_task(self, **fields: Any) -> dict[str, Any]:
        answer = self.post("/api/v1/tasks/", json={"title": "A task"} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json


_numbers = count(1)


@pytest.fixture
def make_person(app: Flask) -> Callable[..., Person]:
    """Makes users by the real service; only the hash is made once, since it is meant to be slow."""

    def make(username: str | None = None, *, role: Role = Role.MEMBER, **fields: Any) -> Person:
        name = username or f"user{next(_numbers)}"
        data = {"username": name, "email": f"{name}@example.com", "password": PASSWORD} | fields
        with app.test_request_context(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(users.passwords, "hash_password", lambda _: PASSWORD_HASH)
            with unit_of_work() as session:
                user = users.create(session, data | {"role": role})
                opened = open_session(session, user)
            issued = tokens.issue(opened)
            user_id = user.id
        return Person(user_id, name, issued["access"], issued["refresh"], app.test_client())

    return make


@pytest.fixture
def ada(make_person: Callable[..., Person]) -> Person:
    return make_person("ada")


@pytest.fixture
def bob(make_person: Callable[..., Person]) -> Person:
    return make_person("bob")


@pytest.fixture
def eve(make_person: Callable[..., Person]) -> Person:
    """Somebody who has nothing to do with anything."""
    return make_person("eve")


@pytest.fixture
def admin(make_person: Callable[..., Person]) -> Person:
    return make_person("root", role=Role.ADMIN)
