"""How often each job ran, and for how long, counted in Redis: workers have no page to ask for it.

Counting never fails and never holds up a job; where Redis does not answer, a run is not counted.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import redis

from app.core.cache import CacheUnavailable, cache

KEY = "job-counts"
_DONE, _FAILED, _MILLISECONDS = "done", "failed", "milliseconds"


class Runs(NamedTuple):
    """How often a job ended well and how often not, and the seconds that all of it took."""

    done: int
    failed: int
    seconds: float


@contextmanager
def counted(name: str) -> Iterator[None]:
    """Count one run of the job `name`."""
    started, outcome = time.perf_counter(), _FAILED
    try:
        yield
        outcome = _DONE
    finally:
        milliseconds = round((time.perf_counter() - started) * 1000)
        with suppress(CacheUnavailable):
            cache().call(lambda client: _increase(client, name, outcome, milliseconds))


def job_counts() -> Mapping[str, Runs]:
    """The runs of each job since Redis last lost them. Raises CacheUnavailable."""
    found: dict[str, str] = cache().call(_read)
    names = {field.partition("|")[0] for field in found}
    return {
        name: Runs(
            int(found.get(f"{name}|{_DONE}", 0)),
            int(found.get(f"{name}|{_FAILED}", 0)),
            int(found.get(f"{name}|{_MILLISECONDS}", 0)) / 1000,
        )
        for name in sorted(names)
    }


def _read(client: redis.Redis) -> Any:
    return client.hgetall(KEY)


def _increase(client: redis.Redis, name: str, outcome: str, milliseconds: int) -> None:
    pipeline = client.pipeline(transaction=False)
    pipeline.hincrby(KEY, f"{name}|{outcome}", 1)
    pipeline.hincrby(KEY, f"{name}|{_MILLISECONDS}", milliseconds)
    pipeline.execute()
