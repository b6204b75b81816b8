"""The Celery application of the worker and of beat: `celery -A workers.celery_app …`.

The Flask application is made before the worker forks, so that its processes share the memory.
"""

import logging

from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready
from kombu.exceptions import OperationalError

from app import create_app
from app.core.logging import configure_logging
from app.extensions import db
from app.processes.heart import Heart
from app.schedule.jobs import TICK_JOB
from workers.factory import make_celery
from workers.schedule import EXPIRES_SECONDS, SCHEDULE

log = logging.getLogger(__name__)

flask_app = create_app()
celery_app = make_celery(flask_app)


@setup_logging.connect
def _keep_our_logs(**_: object) -> None:
    """Log as every other process does; that somebody listens here keeps Celery's set-up away."""
    configure_logging(flask_app.config["SETTINGS"])


@worker_process_init.connect
def _forget_inherited_connections(**_: object) -> None:
    """Two processes must not speak over one connection that the first one opened."""
    with flask_app.app_context():
        db.engine.dispose(close=False)


@worker_ready.connect
def _worker_is_alive(**_: object) -> None:
    Heart(flask_app, "worker").start()


@beat_init.connect
def _beat_is_alive(**_: object) -> None:
    Heart(flask_app, "beat").start()


@beat_init.connect
def _make_up_for_what_was_missed(**_: object) -> None:
    """Have every job looked at, whenever this beat or another one was there last."""
    try:
        for name in SCHEDULE:
            celery_app.send_task(TICK_JOB, args=[name], expires=EXPIRES_SECONDS, retry=False)
    except OperationalError as error:
        # The next message of any job finds the same.
        log.warning("The broker does not answer; what was missed waits: %s", error)
