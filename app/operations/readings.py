"""What `/metrics` tells beyond this process's own counts: read seldom, never a reason to fail."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core.cache import CacheUnavailable
from app.core.db import beside
from app.core.job_counts import Runs, job_counts
from app.core.queues import queue_lengths
from app.operations import measuring
from app.processes.queries import live_processes

T = TypeVar("T")

GOOD_FOR_SECONDS = 5.0
"""Several who scrape, and one in a hurry, cost the database no more than one."""
LATELY = timedelta(hours=1)
STATEMENT_MILLISECONDS = 4000
"""Well below the ten seconds that Prometheus waits."""
KINDS = ("web", "relay", "worker", "beat")


@dataclass(frozen=True)
class InDatabase:
    """What one short transaction tells; `processes` are numbers by kind, `silent` seconds."""

    channels: list[dict[str, Any]]
    relay: dict[str, Any]
    processes: dict[str, int]
    silent: dict[str, float]


@dataclass(frozen=True)
class Readings:
    """What was read; None for what did not answer."""

    database: InDatabase | None
    queues: Mapping[str, int | None]
    jobs: Mapping[str, Runs] | None
    at: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        """Whether they may still be shown."""
        return time.monotonic() - self.at < GOOD_FOR_SECONDS


class Reader:
    """Reads once for all who ask within a few seconds; needs the application's context."""

    def __init__(self) -> None:
        self._last: Readings | None = None
        self._lock = threading.Lock()

    def read(self) -> Readings:
        """The latest readings; never raises."""
        with self._lock:
            if self._last is None or not self._last.is_fresh:
                self._last = Readings(
                    _or_none(_from_database), queue_lengths(), _or_none(job_counts)
                )
            return self._last

    def forget(self) -> None:
        """Read anew at the next occasion."""
        with self._lock:
            self._last = None


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (SQLAlchemyError, CacheUnavailable):
        return None


def _from_database() -> InDatabase:
    with beside() as session:
        session.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}"))
        processes, silent = _processes(session)
        return InDatabase(
            measuring.channels(session, LATELY), measuring.relay_lag(session), processes, silent
        )


def _processes(session: Session) -> tuple[dict[str, int], dict[str, float]]:
    now = session.scalar(text("SELECT now()"))
    processes: dict[str, int] = dict.fromkeys(KINDS, 0)
    silent: dict[str, float] = {}
    for each in live_processes(session):
        processes[each.kind] = processes.get(each.kind, 0) + 1
        seconds = max(0.0, (now - each.seen_at).total_seconds())
        silent[each.kind] = min(silent.get(each.kind, seconds), seconds)
    return processes, silent
