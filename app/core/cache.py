"""Redis as a cache: short timeouts, one retry, a circuit breaker, and never a reason to fail.

`call` is the only door. While Redis does not answer, the breaker opens and callers learn at once
that there is no cache, instead of each waiting for a timeout.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import pybreaker
import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.config import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUT_SECONDS = 0.25
PREFIX = "task:"
"""All keys of the cache begin so; the date-keyed ones are `task:<YYYY-MM-DD>`."""

EPOCH = "task-epoch"
"""Rises whenever everything is dropped, so that nobody stores what was read before that."""


class CacheUnavailable(Exception):
    """Redis did not answer, or has not answered for a moment and is not asked."""


class Cache:
    """One Redis connection pool behind a circuit breaker.

    `stale` is set when an invalidation did not reach Redis: what it holds may then be outdated
    and must be dropped before it is believed again (see `drop_all`).
    """

    def __init__(self, url: str) -> None:
        self.redis: redis.Redis = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self.breaker = pybreaker.CircuitBreaker(fail_max=2, reset_timeout=2)
        self.stale = False

    def call(self, use: Callable[[redis.Redis], T]) -> T:
        """Run `use` with the client; raises CacheUnavailable when Redis does not answer."""
        try:
            return self.breaker.call(use, self.redis)
        except (redis.RedisError, pybreaker.CircuitBreakerError) as error:
            log.debug("No cache: %s", error)
            raise CacheUnavailable from error

    def drop_all(self) -> bool:
        """Forget everything cached; False when Redis did not answer."""
        try:
            self.call(_unlink_all)
        except CacheUnavailable:
            return False
        self.stale = False
        return True


def init_cache(app: Flask, settings: Settings) -> None:
    """Give `app` its cache, and the same door to the broker's Redis."""
    app.extensions["cache"] = Cache(settings.CACHE_REDIS_URL)
    app.extensions["broker"] = Cache(settings.REDIS_URL)


def cache() -> Cache:
    """The cache of the present application."""
    found: Cache = current_app.extensions["cache"]
    return found


def invalidation_failed() -> bool:
    """Whether this process could not invalidate something and has not dropped all since."""
    return cache().stale


def drop_all() -> bool:
    """Forget everything cached; False when Redis did not answer."""
    return cache().drop_all()


def _unlink_all(client: redis.Redis) -> None:
    client.incr(EPOCH)
    for key in client.scan_iter(match=f"{PREFIX}*", count=500):
        client.unlink(key)
