import json
import logging
import threading
import time

import pytest
from kombu.exceptions import OperationalError

from app.core.jobs import LONG_LIMIT_SECONDS, QUEUE_OF, QUEUES
from app.notifications.channels import JOBS_BY_CHANNEL
from tests.api.importing import handed_in
from tests.workers.support import deliveries, execute, relay
from workers import bell as bell_module
from workers.bell import Bell
from workers.factory import JOBS, configuration, make_celery


@pytest.fixture
def bell(app):
    bell = Bell(app, make_celery(app))
    yield bell
    bell.close()


@pytest.fixture
def owed(app, ada, bob):
    ada.create_task(assignee=bob.id)
    ada.create_task(assignee=bob.id, status="DONE")
    relay(app)
    return deliveries(app)


def ring(app, bell):
    with app.app_context():
        return bell.ring()


def test_a_message_is_an_id_on_the_queue_of_its_channel(app, bell, owed, redis_client):
    assert ring(app, bell) == 3
    assert ring(app, bell) == 0

    assert redis_client.llen("notifications") == 2
    (message,) = redis_client.lrange("lambda", 0, -1)
    assert json.loads(message)["headers"]["task"] == "notifications.invoke_lambda"
    assert json.loads(message)["headers"]["argsrepr"] == f"[{owed[2].id}]"


def test_an_import_is_rung_for_once_and_again_when_nobody_comes(app, ada, bell, redis_client):
    number = handed_in(ada, "title\nOne\n")

    assert (ring(app, bell), ring(app, bell)) == (1, 0)
    (message,) = redis_client.lrange("reports", 0, -1)
    assert json.loads(message)["headers"]["task"] == "imports.run"
    assert json.loads(message)["headers"]["argsrepr"] == f"[{number}]"
    execute(app, "UPDATE task_imports SET ring_at = now()")
    assert ring(app, bell) == 1

    ada.delete(f"/api/v1/tasks/imports/{number}/")
    execute(app, "UPDATE task_imports SET ring_at = now()")
    assert ring(app, bell) == 0


def test_a_full_queue_is_left_alone(app, bell, owed, redis_client, monkeypatch):
    monkeypatch.setattr(bell_module, "MAX_WAITING", 1)
    assert ring(app, bell) == 2
    assert ring(app, bell) == 0
    assert (redis_client.llen("notifications"), redis_client.llen("lambda")) == (1, 1)

    redis_client.delete("notifications")
    assert ring(app, bell) == 1


def test_without_a_broker_nothing_is_marked_as_rung_and_nobody_waits_long(
    app, owed, monkeypatch, caplog
):
    changed = app.config["SETTINGS"].model_copy(update={"REDIS_URL": "redis://127.0.0.1:1/0"})
    with monkeypatch.context() as patch:
        patch.setitem(app.config, "SETTINGS", changed)
        bell = Bell(app, make_celery(app))
    started = time.monotonic()
    with pytest.raises((OperationalError, OSError)):
        ring(app, bell)
    assert time.monotonic() - started < 10
    assert deliveries(app)[0].ring_at == owed[0].ring_at

    monkeypatch.setattr(bell_module, "RECOVERY_PAUSE_SECONDS", 0.05)
    stopping, at_work = threading.Event(), threading.Event()
    at_work.set()
    with caplog.at_level(logging.ERROR, logger="workers.bell"):
        thread = threading.Thread(target=bell.run, args=(stopping, at_work))
        thread.start()
        time.sleep(0.5)
        stopping.set()
        thread.join()
    assert caplog.text.count("does not answer") == 1


def test_every_job_has_a_queue_and_a_limit_within_the_lease(app):
    celery = make_celery(app)
    celery.loader.import_default_modules()
    jobs = {name: job for name, job in celery.tasks.items() if not name.startswith("celery.")}

    assert set(QUEUE_OF) == set(jobs)
    assert set(QUEUE_OF.values()) <= set(QUEUES)
    for job in jobs.values():
        assert 0 < job.soft_time_limit < job.time_limit <= LONG_LIMIT_SECONDS
    assert {job.__module__ for job in jobs.values()} == set(JOBS)
    for name, queue in JOBS_BY_CHANNEL.values():
        assert QUEUE_OF[name] == queue
        assert jobs[name].time_limit < 60


def test_a_scheduled_job_can_be_listed_and_run_in_the_foreground(app):
    runner = app.test_cli_runner()

    assert "purge_expired_sessions" in runner.invoke(args=["jobs", "list"]).output
    result = runner.invoke(args=["jobs", "run", "purge_expired_sessions"])
    assert (result.exit_code, result.output) == (0, "0 expired sessions deleted\n")
    assert runner.invoke(args=["jobs", "run", "nonsense"]).exit_code == 2


def test_the_configuration_is_the_one_that_loses_nothing(settings):
    found = configuration(settings)

    assert found["accept_content"] == ["json"]
    assert found["task_acks_late"]
    assert found["task_reject_on_worker_lost"]
    assert found["worker_prefetch_multiplier"] == 1
    assert found["broker_connection_max_retries"] is None
    assert "result_backend" not in found
