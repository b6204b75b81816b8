"""The tasks of one day, cached in Redis under the day.

`task:<YYYY-MM-DD>` holds the day as an administrator sees it, a JSON list; the views of others lie
in the hash `task:<YYYY-MM-DD>:viewers`, one field per user and set of projects: who joins or leaves
a project finds nothing that was stored before. A change deletes both and raises
`task:<YYYY-MM-DD>:version`, so that a reader who asked the database before the change cannot store
its outdated answer after it. A day is one of the service's time zone, by the creation date.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from hashlib import blake2s
from typing import NamedTuple
from zoneinfo import ZoneInfo

import redis

from app.config import current_settings
from app.core.cache import EPOCH, PREFIX, CacheUnavailable, cache
from app.core.errors import BadRequest
from app.core.events import EventRecord
from app.core.metrics import CACHE_LOOKUPS
from app.extensions import db
from app.projects.queries import projects_of
from app.tasks.due import day_bounds, parse_day
from app.tasks.listing import tasks_created_between
from app.tasks.schemas import FIRST_YEAR, LAST_YEAR
from app.users.actor import Actor

TTL_SECONDS = 3600
MAX_TASKS = 1000
"""A busier day is answered up to here; the list endpoint pages through everything."""

# Stores only while nothing has changed since the version was read (KEYS: epoch, version, target).
_STORE = """
local found = redis.call('MGET', KEYS[1], KEYS[2])
if (found[1] or '') .. ':' .. (found[2] or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[4])
else redis.call('HSET', KEYS[3], ARGV[2], ARGV[3]); redis.call('EXPIRE', KEYS[3], ARGV[4]) end
return 1
"""


class Place(NamedTuple):
    """Where a viewer's answer of one day is kept; an empty field means the key itself."""

    key: str
    field: str

    @property
    def version(self) -> str:
        """The key of the number that every change of the day raises."""
        return f"{self.key}:version"

    @property
    def target(self) -> str:
        """The key of the answer, or of the hash that holds it."""
        return f"{self.key}:viewers" if self.field else self.key


def read_day(text: str) -> date:
    """The day that a path names. Raises BadRequest."""
    try:
        day = parse_day(text)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        message = "must be a date such as 2026-03-31"
        raise BadRequest(f"The date {message}.", errors={"date": [message]})
    return day


def tasks_of_day(day: date, actor: Actor) -> str:
    """The JSON list of the tasks created on `day` that `actor` sees, newest first."""
    place = Place(_key(day), _viewer(actor))
    try:
        version, cached = cache().call(lambda client: _read(client, place))
    except CacheUnavailable:
        CACHE_LOOKUPS.labels("unavailable").inc()
        return _from_database(day, actor)
    CACHE_LOOKUPS.labels("miss" if cached is None else "hit").inc()
    if cached is not None:
        return cached
    found = _from_database(day, actor)
    if _viewer(actor) != place.field:
        return found  # The caller joined or left a project meanwhile: whose answer is this?
    # Without a cache the answer is as right, and nothing outdated has been stored.
    with suppress(CacheUnavailable):
        cache().call(lambda client: _store(client, place, version, found))
    return found


def forget_days_of_tasks(records: Sequence[EventRecord]) -> None:
    """Drop what is cached of the days on which the events' tasks were created."""
    zone = _zone()
    created = (datetime.fromisoformat(record.snapshot["created_at"]) for record in records)
    forget_days({moment.astimezone(zone).date() for moment in created})


def forget_days(days: Iterable[date]) -> bool:
    """Drop what is cached of `days`; False when Redis did not answer."""
    try:
        cache().call(lambda client: _forget(client, days))
    except CacheUnavailable:
        cache().stale = True
        return False
    return True


def _zone() -> ZoneInfo:
    return ZoneInfo(current_settings().SERVICE_TIMEZONE)


def _from_database(day: date, actor: Actor) -> str:
    texts: Sequence[str] = tasks_created_between(
        db.session(), day_bounds(day, _zone()), actor, MAX_TASKS
    )
    return f"[{','.join(texts)}]"


def _key(day: date) -> str:
    return f"{PREFIX}{day.isoformat()}"


def _viewer(actor: Actor) -> str:
    """The hash field of a viewer; empty for administrators, who share the whole day."""
    if actor.is_admin:
        return ""
    projects = sorted(db.session.scalars(projects_of(actor)))
    return f"{actor.id}:{blake2s(repr(projects).encode(), digest_size=8).hexdigest()}"


def _read(client: redis.Redis, place: Place) -> tuple[str, str | None]:
    pipeline = client.pipeline(transaction=False)
    pipeline.mget(EPOCH, place.version)
    if place.field:
        pipeline.hget(place.target, place.field)
    else:
        pipeline.get(place.target)
    version, cached = pipeline.execute()
    return ":".join(part or "" for part in version), cached


def _store(client: redis.Redis, place: Place, version: str, found: str) -> None:
    keys = (EPOCH, place.version, place.target)
    client.eval(_STORE, 3, *keys, version, place.field, found, TTL_SECONDS)


def _forget(client: redis.Redis, days: Iterable[date]) -> None:
    pipeline = client.pipeline(transaction=True)
    for day in days:
        pipeline.incr(f"{_key(day)}:version")
        pipeline.expire(f"{_key(day)}:version", 2 * TTL_SECONDS)
        pipeline.unlink(_key(day), f"{_key(day)}:viewers")
    pipeline.execute()
