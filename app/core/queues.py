"""How long the queues of the broker are; never a reason to fail."""

from collections.abc import Mapping

import redis
from flask import current_app

from app.core.cache import Cache, CacheUnavailable
from app.core.jobs import QUEUES


def queue_lengths() -> Mapping[str, int | None]:
    """The messages that wait in each queue; None while Redis does not answer."""
    broker: Cache = current_app.extensions["broker"]
    try:
        return dict(zip(QUEUES, broker.call(_lengths), strict=True))
    except CacheUnavailable:
        return dict.fromkeys(QUEUES)


def _lengths(client: redis.Redis) -> list[int]:
    pipeline = client.pipeline(transaction=False)
    for name in QUEUES:
        # Kombu keeps a queue as the list of that name.
        pipeline.llen(name)
    return pipeline.execute()
