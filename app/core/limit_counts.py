"""How often each caller used each limited endpoint, hour by hour, counted in Redis.

The counts are for people who look at them later: the limits themselves do not depend on them, so
where Redis does not answer a request is not counted. A window is a hash under its hour, kept until
the job that copies it into the database forgets it, and in any case no longer than KEPT.

Addresses are to be had for nothing, so a window has room for so many; whoever comes later is
counted among the `others` of the endpoint.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import NamedTuple

import redis
from flask import g, request
from flask_limiter.util import get_remote_address

from app.core import clock
from app.core.cache import CacheUnavailable, cache
from app.core.requests import route_template

WINDOW = timedelta(hours=1)
KEPT = timedelta(hours=48)
PREFIX = "limit-counts:"
MAX_ENDPOINT = 255
MAX_ADDRESS = 45
OTHERS = "others"
"""Stands for the addresses that found no room in their window."""
ROOM_FOR_ADDRESSES = 10_000
ROOM_FOR_USERS = 20_000
"""Counts in a window up to which there is room for one more: of the last half, only for users."""

_ACCEPTED, _REJECTED = "accepted", "rejected"


_INCREASE = """
local field = ARGV[1]
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3])
        and redis.call('HEXISTS', KEYS[1], field) == 0 then
    field = ARGV[2]
end
redis.call('HINCRBY', KEYS[1], field, 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
"""
"""One step for Redis, so that many who come at once cannot all be the last for whom there is room.
"""


class Caller(NamedTuple):
    """Who used which endpoint: a user's id, or 0 and the address of whoever did not sign in.

    Those for whom there was no room are 0 and OTHERS.
    """

    user_id: int
    endpoint: str
    address: str


class Uses(NamedTuple):
    """How many requests there were in one window, and how many of them were rejected."""

    requests: int
    rejected: int


def count_request(*, rejected: bool) -> None:
    """Count the present request; never raises."""
    outcome, caller = _REJECTED if rejected else _ACCEPTED, _present_caller()
    field = _field(outcome, caller)
    others = _field(outcome, Caller(0, caller.endpoint, OTHERS))
    room = ROOM_FOR_USERS if caller.user_id else ROOM_FOR_ADDRESSES
    key, seconds = _key(window_of(clock.now())), int(KEPT.total_seconds())
    with suppress(CacheUnavailable):
        cache().call(lambda client: client.eval(_INCREASE, 1, key, field, others, room, seconds))


def window_of(moment: datetime) -> datetime:
    """The beginning of the window that `moment` lies in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def counted_windows() -> Sequence[datetime]:
    """The windows of which there are counts, oldest first. Raises CacheUnavailable."""
    latest = window_of(clock.now())
    hours = [latest - n * WINDOW for n in reversed(range(-1, KEPT // WINDOW + 1))]
    found = cache().call(lambda client: _exist(client, hours))
    return list(compress(hours, found))


def counts_of(window: datetime) -> Mapping[Caller, Uses]:
    """All counts of a window. Raises CacheUnavailable."""
    return cache().call(lambda client: _read(client, _key(window)))


def forget_counts(window: datetime) -> None:
    """Drop the counts of a window. Raises CacheUnavailable."""
    cache().call(lambda client: client.unlink(_key(window)))


def _present_caller() -> Caller:
    principal = g.get("principal")
    endpoint = f"{request.method} {route_template()}"[:MAX_ENDPOINT]
    if principal:
        return Caller(principal.id, endpoint, "")
    return Caller(0, endpoint, get_remote_address()[:MAX_ADDRESS])


def _key(window: datetime) -> str:
    return f"{PREFIX}{window:%Y-%m-%dT%H}"


def _field(outcome: str, caller: Caller) -> str:
    return "|".join((outcome, *map(str, caller)))


def _exist(client: redis.Redis, windows: Sequence[datetime]) -> list[int]:
    pipeline = client.pipeline(transaction=False)
    for window in windows:
        pipeline.exists(_key(window))
    return pipeline.execute()


def _read(client: redis.Redis, key: str) -> Mapping[Caller, Uses]:
    found: dict[Caller, dict[str, int]] = defaultdict(dict)
    # Step by step, so that a large hash holds up nobody else's commands.
    for field, count in client.hscan_iter(key, count=1000):
        outcome, user_id, endpoint, address = field.split("|", 3)
        found[Caller(int(user_id), endpoint, address)][outcome] = int(count)
    return {
        caller: Uses(sum(outcomes.values()), outcomes.get(_REJECTED, 0))
        for caller, outcomes in found.items()
    }
