"""Rate limits: who is counted, how much, and the headers that tell.

Flask-Limiter counts in Redis with a moving window; while Redis does not answer it counts in this
process's memory and asks again with growing pauses.
"""

import logging
import math
import time
from collections.abc import Iterable

from flask import Flask, Response, g
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.config import Settings, current_settings
from app.core.limit_counts import count_request
from app.core.metrics import LIMITED, LIMITER_ERRORS
from app.extensions import limiter

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25


def init_limits(app: Flask, settings: Settings) -> None:
    """Bind the limiter to Redis; must come after the caller has been identified."""
    app.config |= {
        "RATELIMIT_STORAGE_URI": settings.REDIS_URL,
        "RATELIMIT_STORAGE_OPTIONS": {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 1),
        },
        "RATELIMIT_STRATEGY": "moving-window",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        # Ours are the header fields of the IETF draft, written below.
        "RATELIMIT_HEADERS_ENABLED": False,
        "RATELIMIT_KEY_PREFIX": "limit",
    }
    limiter.init_app(app)
    app.after_request(_tell_limits)
    app.after_request(_count)


def caller_key() -> str:
    """The bucket of the caller: the signed-in user, else the address."""
    principal = g.get("principal")
    return f"user:{principal.id}" if principal else f"address:{get_remote_address()}"


def caller_rate() -> str:
    """The canonical API's limit for the caller: `THROTTLE_USER_RATE` or `THROTTLE_ANON_RATE`."""
    settings = current_settings()
    return settings.THROTTLE_USER_RATE if g.get("principal") else settings.THROTTLE_ANON_RATE


def sign_in_rate() -> str:
    """`SIGN_IN_RATE`."""
    return current_settings().SIGN_IN_RATE


api_limit = limiter.shared_limit(caller_rate, scope="v1", key_func=caller_key)
"""Decorates a blueprint of the canonical API: one bucket per caller for all of it."""

management_limit = limiter.shared_limit(caller_rate, scope="management_system", key_func=caller_key)
"""Decorates the management system's dialect: the canonical rates, a bucket of its own."""

classic_limit = limiter.limit(
    lambda: "{0.RATE_LIMIT_REQUESTS} per {0.RATE_LIMIT_WINDOW} seconds".format(current_settings()),
    key_func=caller_key,
)
"""Decorates the classic dialect: one bucket per caller and endpoint."""

flask_api_limit = limiter.limit(lambda: current_settings().FLASK_API_RATE, key_func=caller_key)
"""Decorates the Flask dialect: one bucket per caller and endpoint."""

flask_api_strict_limit = limiter.limit(
    lambda: current_settings().FLASK_API_STRICT_RATE, key_func=caller_key
)
"""Decorates the views of the Flask dialect that are asked for rarely."""

web_session_limit = limiter.shared_limit(
    "1000/hour", scope="web_session", key_func=get_remote_address
)
"""Every page that is opened asks for a token first; one address may be a whole office."""

password_limit = limiter.shared_limit(sign_in_rate, scope="password", key_func=caller_key)
"""Decorates a view in which a signed-in user states a password: one bucket for all of them."""

sign_in_address_limit = limiter.shared_limit(
    "100/5minute", scope="sign_in_address", key_func=get_remote_address
)
"""One password tried on many accounts is bounded by the address, over all ways to sign in."""

registration_limit = limiter.shared_limit(
    "50/hour", scope="registration", key_func=get_remote_address
)
"""Hashing a password is dear, and accounts are for people: one bucket for all ways to register."""

test_mail_limit = limiter.shared_limit("5/10minute", scope="test_mail", key_func=caller_key)
"""Decorates a view that sends the caller a mail for the asking."""


def _tell_limits(response: Response) -> Response:
    """Add `RateLimit-Policy`, `RateLimit` and, on 429, `Retry-After` (IETF httpapi draft)."""
    try:
        stated = [(limit, limit.remaining, limit.reset_at) for limit in limiter.current_limits]
    except RedisError:
        return response
    if stated:
        response.headers["RateLimit-Policy"] = ", ".join(_policies(limit for limit, *_ in stated))
        response.headers["RateLimit"] = ", ".join(
            f'"{_name(limit)}";r={max(0, remaining)};t={_seconds_until(limit, reset_at)}'
            for limit, remaining, reset_at in stated
        )
    if response.status_code == 429 and "Retry-After" not in response.headers:
        waits = [
            _seconds_until(limit, reset_at)
            for limit, remaining, reset_at in stated
            if remaining <= 0
        ]
        response.headers["Retry-After"] = str(max(waits, default=1))
    return response


def _count(response: Response) -> Response:
    """Count the request for the records, if it was held against a limit."""
    if judged := limiter.current_limits:
        rejected = any(limit.breached for limit in judged)
        count_request(rejected=rejected)
        LIMITED.labels("rejected" if rejected else "accepted").inc()
        if limiter.limiter.storage is not limiter.storage:
            LIMITER_ERRORS.inc()
    return response


def _policies(limits: Iterable[RequestLimit]) -> Iterable[str]:
    for limit in limits:
        yield f'"{_name(limit)}";q={limit.limit.amount};w={limit.limit.get_expiry()}'


def _name(limit: RequestLimit) -> str:
    return f"{limit.limit.amount}-per-{limit.limit.get_expiry()}s"


def _seconds_until(limit: RequestLimit, reset_at: float) -> int:
    """At least a second; the library rounds up, and nobody waits longer than the window."""
    return max(1, min(math.ceil(reset_at - time.time()), limit.limit.get_expiry()))
