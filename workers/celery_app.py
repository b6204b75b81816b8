"""The Celery application of the worker and of beat: `celery -A workers.celery_app …`.

The Flask application is made before the worker forks, so that its processes share the memory.
"""

from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready

from app import create_app
from app.core.logging import configure_logging
from app.extensions import db
from app.processes.heart import Heart
from workers.factory import make_celery

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
