"""Hints through Redis that there is something to read, for those who would look a little later.

A hint carries nothing and may be lost: whoever waits for one looks by itself in any case. So Redis
may be down, and what there is to read comes from the database alone.
"""

import logging
import threading
import time
from contextlib import suppress

import redis
from flask import Flask

from app.config import Settings
from app.core.cache import CacheUnavailable, cache

log = logging.getLogger(__name__)

NEW_EVENTS = "new-events"
"""Given by whoever has committed events; the relay waits for it."""

NEW_POSITIONS = "new-positions"
"""Given by the relay when events have got their positions; those who follow the log wait for it."""

TIMEOUT_SECONDS = 1.0
RECOVERY_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""Whoever has not waited for so long is not listened for any more."""

HEALTH_CHECK_SECONDS = 10


def hint(topic: str) -> None:
    """Tell those who wait, if Redis answers."""
    with suppress(CacheUnavailable):
        cache().call(lambda client: client.publish(topic, ""))


class Hints:
    """The hints of one topic.

    A thread (under gevent: a greenlet) listens, and comes back whenever Redis does. It runs only
    while somebody waits again and again.
    """

    def __init__(self, app: Flask, topic: str) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._url, self._topic = settings.CACHE_REDIS_URL, topic
        self._came = threading.Event()
        self._lock = threading.Lock()
        self._waited_at = 0.0
        self._is_listening = False

    def wait(self, seconds: float) -> None:
        """Return when a hint has come since the last return, or else after `seconds`."""
        with self._lock:
            self._waited_at = time.monotonic()
            if not self._is_listening:
                self._is_listening = True
                threading.Thread(target=self._listen, name=self._topic, daemon=True).start()
        self._came.wait(seconds)
        self._came.clear()

    def _is_wanted(self) -> bool:
        with self._lock:
            self._is_listening = time.monotonic() - self._waited_at < PATIENCE_SECONDS
            return self._is_listening

    def _listen(self) -> None:
        client = redis.Redis.from_url(
            self._url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            health_check_interval=HEALTH_CHECK_SECONDS,
        )
        with client:
            while self._is_cut_off(client):
                time.sleep(RECOVERY_SECONDS)
                if not self._is_wanted():
                    return

    def _is_cut_off(self, client: redis.Redis) -> bool:
        """Listen while that is wanted, or until Redis is away."""
        try:
            self._hear(client)
        except redis.RedisError as error:
            log.debug("No hints of %s: %s", self._topic, error)
            return True
        return False

    def _hear(self, client: redis.Redis) -> None:
        with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(self._topic)
            while self._is_wanted():
                if subscription.get_message(timeout=TIMEOUT_SECONDS) is not None:
                    self._came.set()
