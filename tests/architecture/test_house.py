"""Rules of the house that no other tool checks."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.blueprints import OPENAPI, PUBLIC
from app.core.jobs import LONG_LIMIT_SECONDS, QUEUE_OF, QUEUES
from app.extensions import db
from app.schedule.table import TABLE
from workers.factory import make_celery
from workers.schedule import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]
MAY_COMMIT = {"app/core/db.py"}


def calls(path, name):
    """Lines of `path` that call a method or function `name`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            if getattr(called, "attr", getattr(called, "id", None)) == name:
                yield node.lineno


def sources(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_only_the_unit_of_work_commits():
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources("app", "workers")
        if str(path.relative_to(ROOT)) not in MAY_COMMIT
        for line in calls(path, "commit")
    }

    assert found == set()
    assert list(calls(ROOT / "app/core/db.py", "commit"))


def test_the_log_is_only_added_to():
    """Only the relay changes an event, by giving it its place; only retention deletes one."""
    change = re.compile(
        r"(update|delete)\(\s*(?:EventRecord|StreamEntry)\b"
        r"|(update|delete from)\s+(?:events|stream_entries)\b",
        re.IGNORECASE,
    )
    found = {
        (str(path.relative_to(ROOT)), (match[1] or match[2]).lower().split()[0])
        for path in sources("app", "workers")
        for match in change.finditer(path.read_text())
    }

    assert found == {("app/audit/retention.py", "delete"), ("workers/relay.py", "update")}


def test_services_never_open_a_unit_of_work():
    found = [
        str(path)
        for path in sources("app")
        if path.name in ("service.py", "queries.py", "policy.py", "models.py", "events.py")
        # A delivery is claimed, made and noted in units of its own, with the network in between.
        and path.parent.name != "notifications"
        and list(calls(path, "unit_of_work"))
    ]

    assert found == []


def test_dialects_hold_no_transaction_and_no_query():
    for path in sources("app/dialects"):
        words = set(re.findall(r"\w+", path.read_text()))
        assert not words & {"unit_of_work", "snapshot", "select", "sqlalchemy", "require"}, path


def filled(rule):
    """A path for a rule, with something plausible for each variable."""
    path = rule.rule
    for name, value in {"day": "2026-03-31", "filename": "start.css"}.items():
        path = re.sub(rf"<(?:[a-z]+:)?{name}>", value, path)
    return re.sub(r"<[^>]+>", "1", path)


def test_every_route_wants_a_token_unless_it_is_listed_as_public(app):
    client = app.test_client()
    checked = set()
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(filled(rule), method=method, json={} if method != "GET" else None)
            if rule.endpoint in PUBLIC:
                assert answer.status_code != 401 or rule.endpoint == "auth.refresh", rule
            else:
                assert answer.status_code == 401, f"{method} {rule} answers {answer.status_code}"
                assert (
                    answer.mimetype
                    == app.blueprints[rule.endpoint.rpartition(".")[0]].error_format.media_type
                )
            answer.close()
            checked.add(rule.endpoint)

    assert checked >= PUBLIC, "PUBLIC names an endpoint that does not exist"
    assert len(checked - PUBLIC) > 10


def test_the_public_routes_are_the_ones_a_person_decided_on():
    assert {
        "user.register",
        "auth.sign_in",
        "auth.refresh",
        "health.livez",
        "health.readyz",
        "health.health",
        "health.database_health",
        "flask_api.check_limiter",
        "flask_api.register",
        "flask_api.login",
        "classic.register",
        "classic.obtain_token",
        "classic.refresh_token",
        "management_system.register",
        OPENAPI,
    } <= PUBLIC
    assert not {name for name in PUBLIC if name.endswith(("task", "tasks", "insight"))}


def test_the_document_marks_exactly_the_public_operations_as_open(app, client):
    document = client.get("/api/openapi.json").json
    adapter = app.url_map.bind("localhost")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            concrete = re.sub(r"{[^}]+}", "1", path)
            endpoint, _ = adapter.match(concrete, method=method.upper())
            assert (operation["security"] == []) == (endpoint in PUBLIC), f"{method} {path}"


def test_there_is_one_newest_migration_and_every_one_leads_to_it():
    scripts = ScriptDirectory(str(ROOT / "migrations"))

    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_the_migrations_make_exactly_the_models(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, db.metadata)

    assert difference == []


def test_the_import_contracts_hold():
    code = "from importlinter.cli import lint_imports_command as main; main()"

    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.fixture
def celery(app):
    celery = make_celery(app)
    celery.loader.import_default_modules()
    return celery


def test_every_job_has_a_queue_and_time_limits(celery):
    ours = {name: task for name, task in celery.tasks.items() if not name.startswith("celery.")}

    assert set(ours) == set(QUEUE_OF)
    for name, task in ours.items():
        assert QUEUE_OF[name] in QUEUES, name
        assert celery.amqp.router.route({}, name)["queue"].name == QUEUE_OF[name]
        assert 0 < task.soft_time_limit < task.time_limit <= LONG_LIMIT_SECONDS, name
        assert (task.__doc__ or "").strip(), f"{name} needs a docstring"


def test_beat_knows_exactly_the_table_of_jobs(celery):
    assert set(SCHEDULE) == {entry.name for entry in TABLE}
    for name, entry in SCHEDULE.items():
        assert entry["task"] in celery.tasks
        assert entry["args"] == (name,)


def test_every_scheduled_job_is_described_and_one_is_due_every_minute():
    """Whichever message comes next finds what others would have found, so it must come soon."""
    assert all(entry.description.endswith(".") for entry in TABLE)
    assert any(entry.cron == "* * * * *" for entry in TABLE)


def test_no_import_is_hidden_in_a_function():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("app", "workers")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert found == []


@pytest.mark.xdist_group("a group")
def test_a_group_of_tests_reaches_the_scheduler(request):
    alone = not hasattr(request.config, "workerinput")
    assert alone or request.node.nodeid.endswith("@a group")


def test_what_a_folder_shares_ends_with_the_folder(request):
    assert request.node.getparent(pytest.Package).path == Path(__file__).parent
