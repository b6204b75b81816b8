"""Hints through Redis that there is something to read, for those who would look a little later.

A hint carries nothing and may be lost: whoever waits for one looks by itself in any case. So Redis
may be down, and what there is to read comes from the database alone.
"""

import logging
import threading
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
HEALTH_CHECK_SECONDS = 10


def hint(topic: str) -> None:
    """Tell those who wait, if Redis answers."""
    with suppress(CacheUnavailable):
        cache().call(lambda client: client.publish(topic, ""))


class Hints:
    """The hints of one topic, from `start` until `stop`."""

    def __init__(self, app: Flask, topic: str) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._url, self._topic = settings.CACHE_REDIS_URL, topic
        self._came = threading.Event()
        self._ended = threading.Event()

    def start(self) -> None:
        """Listen, in a thread (under gevent: a greenlet) that comes back whenever Redis does."""
        self._ended = threading.Event()
        threading.Thread(
            target=self._listen, args=(self._ended,), name=self._topic, daemon=True
        ).start()

    def stop(self) -> None:
        """Listen no more."""
        self._ended.set()

    def wait(self, seconds: float) -> None:
        """Return when a hint has come since the last return, or else after `seconds`."""
        self._came.wait(seconds)
        self._came.clear()

    def _listen(self, ended: threading.Event) -> None:
        client = redis.Redis.from_url(
            self._url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            health_check_interval=HEALTH_CHECK_SECONDS,
        )
        with client:
            while not ended.is_set():
                try:
                    self._hear(client, ended)
                except redis.RedisError as error:
                    log.debug("No hints of %s: %s", self._topic, error)
                    ended.wait(RECOVERY_SECONDS)

    def _hear(self, client: redis.Redis, ended: threading.Event) -> None:
        with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(self._topic)
            while not ended.is_set():
                if subscription.get_message(timeout=TIMEOUT_SECONDS) is not None:
                    self._came.set()
