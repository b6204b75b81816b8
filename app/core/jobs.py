"""What every Celery job shares: the queues, the time limits, and `job`, the decorator.

Jobs live in the `jobs.py` of their domain. They take ids, read the rows anew and may run twice.
"""

from collections.abc import Callable
from typing import Any

from celery import shared_task

NOTIFICATIONS = "notifications"
LAMBDA = "lambda"
WEBHOOKS = "webhooks"
REPORTS = "reports"
MAINTENANCE = "maintenance"
QUEUES = (NOTIFICATIONS, LAMBDA, WEBHOOKS, REPORTS, MAINTENANCE)

HARD_LIMIT_SECONDS = 120
LONG_LIMIT_SECONDS = 600
"""For what cannot be done in parts, such as an import that is made in one transaction."""

QUEUE_OF: dict[str, str] = {}
"""Name of each job → its queue; Celery's routes are made of it."""


def job(name: str, *, queue: str, seconds: int = HARD_LIMIT_SECONDS) -> Callable[..., Any]:
    """Declare a Celery job called `name` on `queue` that is stopped after `seconds`.

    The soft limit comes a tenth earlier, as an exception that the job's own code can see.
    """
    QUEUE_OF[name] = queue
    limits = {"time_limit": seconds, "soft_time_limit": seconds * 0.9}
    decorator: Callable[..., Any] = shared_task(name=name, **limits)
    return decorator
