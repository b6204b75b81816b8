import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import manage
from app.clients.autoscaling import GroupState, make_scaling_group
from app.extensions import db
from app.tasks.queries import created_since
from benchmarks.plans import explain, recorded, sequential_scans
from tests.clients.aws import scaling_api
from tests.workers.support import execute
from workers import autoscale
from workers.autoscale import WINDOW, decide

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
INSERT = """
    INSERT INTO tasks (title, description, status, priority, reporter_id, due_date_only,
                       sla_breached, version, created_at, updated_at, deleted_at)
    SELECT 'Task', '', 'TODO', 'LOW', 1, false, false, 1,
           now() - n * CAST(:apart AS interval) - CAST(:age AS interval), now(),
           CAST(:deleted_at AS timestamptz)
    FROM generate_series(1, :count) AS n
"""


def create(app, count, age="1 minute", deleted_at=None, apart="0"):
    execute(app, INSERT, count=count, age=age, deleted_at=deleted_at, apart=apart)


@pytest.fixture
def aws():
    with scaling_api() as server:
        yield server


@pytest.fixture
def run(app, aws, monkeypatch):
    """Runs the command against the fake group; answers its lines."""
    settings = app.config["SETTINGS"].model_copy(update=aws.settings)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    monkeypatch.setattr(autoscale, "create_app", lambda: app)

    def run(*arguments, code=0):
        done = CliRunner().invoke(autoscale.main, arguments)
        assert done.exit_code == code, done.output
        return done.output.splitlines()

    return run


@pytest.mark.parametrize(
    ("tasks", "state", "capacity", "why"),
    [
        (201, {}, 3, "more is needed"),
        (200, {}, None, "that is enough and not too many"),
        (50, {}, None, "that is enough and not too many"),
        (49, {}, 1, "fewer are enough"),
        (0, {"desired": 1, "running": 1}, None, "its limit is reached"),
        (999, {"desired": 4, "running": 4}, None, "its limit is reached"),
        (100, {"desired": 0, "running": 0}, 1, "more is needed"),
        (100, {"desired": 9, "running": 9}, 4, "fewer are enough"),
        (999, {"running": 1}, None, "the last change is still under way"),
        (0, {"running": 3}, None, "the last change is still under way"),
        # What cannot grow may shrink all the same.
        (0, {"running": 1}, 1, "fewer are enough"),
        (999, {"running": 3}, 3, "more is needed"),
        (999, {"changed_at": NOW - timedelta(seconds=300)}, 3, "more is needed"),
        (
            999,
            {"changed_at": NOW - timedelta(seconds=299)},
            None,
            "the last change is too fresh; wait until 2026-03-31T12:00:01.000Z",
        ),
    ],
)
def test_one_step_within_the_limits_and_not_too_soon(settings, tasks, state, capacity, why):
    group = GroupState("web", 2, 2, 1, 4, None)._replace(**state)

    assert decide(settings, tasks, group, NOW) == (capacity, why)


def test_it_tells_what_it_would_do_and_does_it_when_told_to(app, ada, run, aws):
    create(app, 201)
    seen = [
        "tasks created in the last hour: 201 (more above 200, fewer below 50)",
        "group web: desired capacity 2, 2 running, limits 1 to 4",
    ]

    would = "would set the desired capacity to 3: more is needed (--apply does it)"
    assert run() == [*seen, would]
    assert aws.was_set_to == []
    assert run("--apply") == [*seen, "desired capacity set to 3: more is needed"]
    assert aws.was_set_to == [3]


def test_a_second_run_waits_for_the_first_ones_effect(app, ada, run, aws):
    aws.slow = True
    assert "set to 1" in run("--apply")[-1]
    aws.limits = (0, 4)
    assert run("--apply")[-1] == "nothing to do: the last change is still under way"
    aws.running, aws.activities = 1, [("Successful", datetime.now(UTC))]
    assert "too fresh" in run("--apply")[-1]
    aws.activities = [("Successful", datetime.now(UTC) - timedelta(minutes=6))]
    assert "set to 0" in run("--apply")[-1]
    assert aws.was_set_to == [1, 0]


def test_two_at_once_go_one_step(app, ada, run, aws):
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('autoscale'))"))
        with ThreadPoolExecutor(1) as other:
            output = other.submit(run, "--apply").result()
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
    assert output == ["nothing to do: another run is at it"]
    assert aws.asked == []
    assert "set to 1" in run("--apply")[-1]  # Nothing is left behind.


def test_a_problem_at_aws_is_told_in_one_line_and_frees_the_lock(app, ada, run, aws):
    aws.problem = "AccessDenied"
    assert run("--apply", code=1)[-1].startswith("Error: ClientError: An error occurred (Access")
    aws.problem = ""
    assert "set to 1" in run("--apply")[-1]


def test_only_the_last_hour_counts_and_nothing_deleted_or_to_come(app, ada):
    create(app, 3, "59 minutes")
    create(app, 5, "61 minutes")
    create(app, 7, "-1 day")
    create(app, 9, deleted_at="2026-01-01T00:00:00Z")

    with app.app_context():
        assert created_since(db.session(), WINDOW) == 3


def test_the_count_is_read_from_an_index(app, ada):
    create(app, 20_000, age="0", apart="30 seconds")
    execute(app, "ANALYZE tasks")
    with app.app_context(), recorded(db.engine) as queries:
        assert created_since(db.session(), WINDOW) == 119

    with app.app_context():
        plan = explain(db.engine, *queries.statements[-1])
    assert "ix_tasks_created" in str(plan)
    assert sequential_scans(plan, "tasks") == []


def test_the_stand_in_scales_a_number_in_a_file(app, ada, run, monkeypatch):
    settings = app.config["SETTINGS"].model_copy(update={"AUTO_SCALING_GROUP_NAME": ""})
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    file = make_scaling_group(settings).file
    create(app, 201)
    try:
        assert "set to 2" in run("--apply")[-1]
        assert file.read_text() == "2\n"
        assert "too fresh" in run("--apply")[-1]
    finally:
        file.unlink()


def test_the_command_as_people_type_it(app, ada, settings):
    create(app, 60)
    file = settings.DATA_DIR / "desired_capacity"
    names = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR")
    done = subprocess.run(
        [sys.executable, "manage.py", "autoscale"],
        cwd=ROOT,
        env={name: str(getattr(settings, name)) for name in names},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.splitlines() == [
        "tasks created in the last hour: 60 (more above 200, fewer below 50)",
        f"group {file}: desired capacity 1, 1 running, limits 1 to 10",
        "nothing to do: that is enough and not too many",
    ]


@pytest.mark.parametrize("arguments", [[], ["--apply"]])
def test_the_flask_command_becomes_the_same(app, monkeypatch, arguments):
    become = []
    monkeypatch.setattr("os.execv", lambda _, command: become.append(command))
    assert app.test_cli_runner().invoke(args=["autoscale", *arguments]).exit_code == 0

    assert become == [[sys.executable, *manage.COMMANDS["autoscale"], *arguments]]
