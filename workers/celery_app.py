"""The Celery application: one Flask application per process, its context around every job."""

from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init
from flask import Flask

from app import create_app
from app.config import Settings
from app.core.jobs import HARD_LIMIT_SECONDS, MAINTENANCE
from app.core.logging import log_job
from app.extensions import db
from workers.schedule import SCHEDULE

JOBS = ("app.auth.jobs", "app.notifications.jobs")

flask_app: Flask = create_app()


class FlaskTask(Task):
    """A job inside the application's context, with one log line."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the job."""
        with flask_app.app_context(), log_job(self.name):
            return self.run(*args, **kwargs)


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's settings. A message is only a doorbell, but it should ring when it can."""
    return {
        "broker_url": settings.REDIS_URL,
        "broker_connection_retry_on_startup": True,
        # None means for ever; the default gives up after a hundred attempts.
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            # An unacknowledged message is given to another worker after this many seconds.
            "visibility_timeout": 300,
        },
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": HARD_LIMIT_SECONDS,
        "task_default_queue": MAINTENANCE,
        # A failed job is tried again from its row, not from its message.
        "task_acks_on_failure_or_timeout": True,
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 20,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "beat_schedule": SCHEDULE,
        # A missed tick is seen within this many seconds.
        "beat_max_loop_interval": 30,
        "timezone": settings.SERVICE_TIMEZONE,
        "enable_utc": True,
        "imports": JOBS,
    }


celery_app = Celery("task-service", task_cls=FlaskTask)
celery_app.config_from_object(configuration(flask_app.config["SETTINGS"]))
celery_app.set_default()


@worker_process_init.connect
def _forget_inherited_connections(**_: Any) -> None:
    """Two processes must not speak over one connection that the first one opened."""
    with flask_app.app_context():
        db.engine.dispose(close=False)
