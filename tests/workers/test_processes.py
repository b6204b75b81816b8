"""The relay and the worker as they really run: processes over the real servers."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.smtp import smtp_server
from tests.workers.support import deliveries
from workers.processes import commands

ROOT = Path(__file__).parents[2]
WORKER = ("-m", "celery", "--quiet", "-A", "workers.celery_app", "worker", "--concurrency", "1")
QUIET = ("-W", "ignore:You're running the worker with superuser privileges")
QUEUES = ("--queues", "notifications,lambda,reports,maintenance")


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
        process.wait(20)


def wait_until(condition, seconds=20):
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
        worker = start(*WORKER, *QUEUES, **more)
        wait_until(lambda: deliveries(app, channel="email")[1].attempts == 1, seconds=40)
        box.answer = None
        wait_until(lambda: {d.state for d in deliveries(app)} == {"done"}, seconds=40)

    log = worker.log.read_text()
    assert [m["Subject"] for m in box.messages] == [
        "ada assigned you: Ship it",
        "Task updated: Ship it",
    ]
    assert log.count("Lambda Notification: Task 'Ship it' assigned to bob is now completed.") == 1
    assert "notifications.invoke_lambda done" in log
    assert "Traceback" not in log


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
