"""The commands of the service's processes, one place for `run.py` and for containers alike.

`python -m workers.processes worker` becomes that process, so signals reach it directly.
"""

import argparse
import os
import sys
from pathlib import Path

from app.config import Settings, load_settings
from app.core.jobs import QUEUES

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("migrate", "web", "relay", "worker", "beat")

# As root, Celery warns on every start. Whoever runs this as root on a development machine or in a
# container knows it, and the tasks come from our own queue, as JSON.
NO_ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


def commands(settings: Settings) -> dict[str, list[str]]:
    """Return the command of each process, to be run in the checkout, in the order of starting.

    Never a console script: its first line breaks when the path holds a space.
    """
    schedule = settings.DATA_DIR / "beat-schedule"
    calm = ("-W", NO_ROOT_WARNING) if os.geteuid() == 0 else ()
    celery = (*calm, "-m", "celery", "--quiet", "-A", "workers.celery_app")
    arguments: dict[str, tuple[str, ...]] = {
        "migrate": ("-m", "flask", "--app", "app", "db", "upgrade"),
        "web": ("-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"),
        "relay": ("-m", "workers.relay"),
        "worker": (
            *celery, "worker", "--queues", ",".join(QUEUES), *_size(settings),
            "--without-gossip", "--without-mingle", "--loglevel", settings.LOG_LEVEL,
        ),
        "beat": (*celery, "beat", "--schedule", str(schedule), "--pidfile="),
    }  # fmt: skip
    return {name: [sys.executable, *arguments[name]] for name in NAMES}


def _size(settings: Settings) -> tuple[str, str]:
    """How many processes the worker has: a number, or the most and the fewest."""
    if settings.WORKER_AUTOSCALE:
        return "--autoscale", settings.WORKER_AUTOSCALE
    return "--concurrency", str(settings.WORKER_CONCURRENCY)


def main() -> None:
    """Become the process that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m workers.processes", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    command = commands(load_settings())[parser.parse_args().name]
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - the commands above, nobody's input


if __name__ == "__main__":
    main()
