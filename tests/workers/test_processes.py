"""The relay, the worker and beat as they really run: processes over the real servers."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import unit_of_work
from app.extensions import db
from app.schedule import service
from app.schedule.table import BY_NAME, Missed
from tests.clients.smtp import smtp_server
from tests.workers.support import deliveries, execute, let_pass
from workers.processes import commands

ROOT = Path(__file__).parents[2]
WORKER = ("-m", "celery", "--quiet", "-A", "workers.celery_app", "worker", "--concurrency", "1")
QUIET = ("-W", "ignore:You're running the worker with superuser privileges")
BEAT = ("-m", "celery", "--quiet", "-A", "workers.celery_app", "beat", "--pidfile=")
QUEUES = ("--queues", "notifications,lambda,webhooks,reports,maintenance")


@pytest.fixture
def start(settings, tmp_path) -> Iterator:
    """Starts processes of the service; the log of each is in `log`."""
    processes = []
    names = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR")
    environment = {name: str(getattr(settings, name)) for name in names}

    def start(*arguments, **more):
        log = tmp_path / f"{len(processes)}.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, *QUIET, *arguments],
                cwd=ROOT,
                env=environment | more,
                stdout=stream,
                stderr=stream,
            )
        process.log = log
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(60)


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_change_becomes_one_mail_and_one_call_whatever_is_killed(
    app, ada, bob, start, redis_client
):
    with smtp_server() as box:
        more = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(box.port)}
        start("-m", "workers.relay")
        killed = start(*WORKER, *QUEUES, **more)
        task = ada.create_task(title="Ship it", assignee=bob.id)
        wait_until(lambda: len(box.messages) == 1)
        killed.kill()
        killed.wait()

        box.answer = "451 Later"
        ada.patch(f"/api/v1/tasks/{task['id']}/", json={"status": "DONE"})
        wait_until(lambda: len(deliveries(app)) == 3)
        # Every message is lost; the rows are not.
        time.sleep(0.5)
        redis_client.flushdb()
        # A mail about changes waits a minute for more of them.
        let_pass(app, timedelta(minutes=1))
        worker = start(*WORKER, *QUEUES, **more)
        wait_until(lambda: deliveries(app, channel="email")[1].attempts == 1)
        box.answer = None
        wait_until(lambda: {d.state for d in deliveries(app)} == {"done"})

    log = worker.log.read_text()
    assert [m["Subject"] for m in box.messages] == [
        "ada assigned you: Ship it",
        "Task updated: Ship it",
    ]
    assert log.count("Lambda Notification: Task 'Ship it' assigned to bob is now completed.") == 1
    assert "notifications.invoke_lambda done" in log
    assert "Traceback" not in log


@pytest.fixture
def rows(app):
    def run(statement):
        with app.app_context(), db.engine.connect() as connection:
            return connection.execute(text(statement)).all()

    return run


def kill(process):
    """The worker and its children at once, as a machine that is switched off."""
    for each in [*psutil.Process(process.pid).children(recursive=True), process]:
        each.kill()
    process.wait()


@pytest.mark.timeout(240)
def test_two_beats_a_killed_worker_and_an_empty_redis_make_every_missed_day_once(
    app, ada, start, rows, redis_client, tmp_path, monkeypatch
):
    ada.create_task()
    now = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=3))
    with app.app_context(), unit_of_work() as session:
        service.plan(session)
    monkeypatch.setattr(clock, "now", lambda: now)
    # The task was there all the time; the first day's log cannot be written before the worker dies.
    execute(app, "UPDATE tasks SET created_at = created_at - interval '9 days'")
    running = "SELECT name FROM scheduled_runs WHERE state = 'running'"
    with app.app_context(), db.engine.connect() as holder:
        holder.execute(text("LOCK TABLE task_logs"))
        start("-m", "workers.relay")
        worker = start(*WORKER, *QUEUES)
        for number in range(2):
            start(*BEAT, "--schedule", str(tmp_path / f"beat{number}"))
        wait_until(lambda: ("sync_task_logs",) in rows(running))
        kill(worker)
        redis_client.flushdb()
    execute(
        app,
        "UPDATE scheduled_runs SET lease_until = now(), ring_at = now() WHERE state = 'running'",
    )

    last = start(*WORKER, *QUEUES)
    unfinished = "SELECT 1 FROM scheduled_runs WHERE state IN ('waiting', 'running')"
    done = "SELECT 1 FROM scheduled_runs WHERE name = 'sync_task_logs' AND state = 'done'"
    wait_until(lambda: len(rows(done)) == 3 and not rows(unfinished))

    logged = rows("SELECT day, count(*) FROM task_logs GROUP BY day ORDER BY day")
    assert logged == [((now - timedelta(days=n)).date(), 1) for n in (2, 1, 0)]
    began = "SELECT name, count(*) FROM scheduled_runs WHERE state = 'done' GROUP BY name"
    counts = dict(rows(began))
    caught_up = {name for name, entry in BY_NAME.items() if entry.missed is not Missed.ON_TIME}
    assert counts.keys() >= caught_up
    assert counts["purge_audit_logs"] == 1
    assert rows("SELECT name FROM scheduled_runs WHERE state = 'failed'") == []
    # The server of other tests may be alive in this process, and says so.
    kinds = "SELECT kind, count(*) FROM heartbeats WHERE kind <> 'web' GROUP BY kind ORDER BY kind"
    assert rows(kinds) == [("beat", 2), ("relay", 1), ("worker", 2)]
    assert "Traceback" not in last.log.read_text()


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({}, ["--concurrency", "2"]),
        ({"WORKER_CONCURRENCY": 6}, ["--concurrency", "6"]),
        ({"WORKER_AUTOSCALE": "8,2", "WORKER_CONCURRENCY": 6}, ["--autoscale", "8,2"]),
        ({"WORKER_AUTOSCALE": ""}, ["--concurrency", "2"]),
    ],
)
def test_the_size_of_a_worker_is_a_setting(settings, values, size):
    command = commands(settings.model_copy(update=values))["worker"]

    queues = command.index("--queues")
    assert command[queues + 2 : queues + 4] == size
    assert ("--autoscale" in command) + ("--concurrency" in command) == 1
