"""Building the Celery application: its settings, and the Flask context around every job."""

from typing import Any

from celery import Celery, Task
from flask import Flask
from kombu.entity import Queue

from app.config import Settings
from app.core.job_counts import counted
from app.core.jobs import HARD_LIMIT_SECONDS, QUEUE_OF, QUEUES
from app.core.logging import log_job
from workers.schedule import SCHEDULE

JOBS = (
    "app.exchange.jobs",
    "app.notifications.jobs",
    "app.reports.jobs",
    "app.schedule.jobs",
    "app.webhooks.jobs",
)


def make_celery(app: Flask) -> Celery:
    """The Celery application over `app`; jobs run in its context, with one log line each."""

    class FlaskTask(Task):
        """A job inside the application's context."""

        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """Run the job."""
            with app.app_context(), log_job(self.name, self.request.id), counted(self.name):
                return self.run(*args, **kwargs)

    celery = Celery("task-service", task_cls=FlaskTask)
    celery.config_from_object(configuration(app.config["SETTINGS"]))
    celery.set_default()
    return celery


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's settings. A message is only a doorbell, but it should ring when it can."""
    return _broker(settings) | _messages() | _worker() | _beat(settings)


def _broker(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.REDIS_URL,
        "broker_connection_retry_on_startup": True,
        # None means for ever; the default gives up after a hundred attempts.
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            # A connection that has gone silent is noticed within about twice this many seconds.
            "health_check_interval": 10,
            # An unacknowledged message is given to another worker after this many seconds.
            "visibility_timeout": 300,
        },
    }


def _messages() -> dict[str, Any]:
    return {
        "imports": JOBS,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]  # kombu's types are partial
        "task_routes": [_route],
        # A job on a queue that nobody reads is a mistake, not a new queue.
        "task_create_missing_queues": False,
        "task_publish_retry": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # A failed job is tried again from its row, not from its message.
        "task_acks_on_failure_or_timeout": True,
        "task_time_limit": HARD_LIMIT_SECONDS,
    }


def _route(name: str, *_: object, **__: object) -> dict[str, str] | None:
    """The queue that the job declares; None where this process has not imported the job."""
    return {"queue": QUEUE_OF[name]} if name in QUEUE_OF else None


def _worker() -> dict[str, Any]:
    return {
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 20,
        # Losing the broker must not kill a mail half-way: its row is leased, so a second message
        # about it does nothing.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
    }


def _beat(settings: Settings) -> dict[str, Any]:
    return {
        "beat_schedule": SCHEDULE,
        # A missed tick is seen within this many seconds.
        "beat_max_loop_interval": 30,
        "timezone": settings.SERVICE_TIMEZONE,
        "enable_utc": True,
    }
