"""Turn what a person writes in an environment variable into a checked value.

Every function raises ``ValueError`` with a sentence that says what would be right. The message
never repeats the value, because the value may hold a password.
"""

import re
from ipaddress import ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import limits
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DATABASE_DRIVER = "postgresql+psycopg2"
"""psycogreen makes psycopg2 (and no other driver) cooperate with gevent."""


def split_list(value: object) -> object:
    """Return ``"a, b"`` as ``["a", "b"]``; anything but text is left to the type check."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def database_url(value: str) -> str:
    """Return a PostgreSQL URL with the one driver the service uses; an empty one stays empty."""
    if not value:
        return value
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(
            "is not a database URL; write postgresql://user:password@host:5432/name"
        ) from None
    if url.get_backend_name() not in {"postgres", "postgresql"}:
        raise ValueError("must name a PostgreSQL database: postgresql://user:password@host/name")
    if not url.database:
        raise ValueError("names no database; add its name after the last slash")
    return url.set(drivername=DATABASE_DRIVER).render_as_string(hide_password=False)


def redis_url(value: str) -> str:
    """Return a Redis URL as it is once its scheme and host are right; an empty one stays empty."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme == "unix" and parts.path:
        return value
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError("must look like redis://:password@host:6379/0 (or rediss:// for TLS)")
    return value


def http_url(value: str) -> str:
    """Return an ``http(s)://host`` URL without its trailing slash; an empty one stays empty."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://tasks.example.com")
    return value.rstrip("/")


def origin(value: str) -> str:
    """Return a web origin (RFC 6454: scheme, host and port, nothing more) or ``*``."""
    if value == "*":
        return value
    parts = urlsplit(http_url(value))
    if parts.path or parts.query or parts.fragment:
        raise ValueError("must hold origins without a path, such as https://app.example.com")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def address(value: str) -> str:
    """Return a ``host:port`` address once both parts are right; IPv6 hosts stand in brackets."""
    advice = "must hold addresses such as 127.0.0.1:5000 or [::1]:5000, separated by commas"
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(advice) from None
    if not host or not port or parts.netloc != value or "@" in value:
        raise ValueError(advice)
    return value


def network(value: str) -> str:
    """Return a network such as ``10.0.0.0/8``, ``fd00::/8`` or the single ``127.0.0.1``."""
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError("must hold networks such as 10.0.0.0/8, separated by commas") from None


def rate(value: str) -> str:
    """Return a rate such as ``100/hour`` or ``10/5minute;100/day`` once ``limits`` can read it."""
    try:
        limits.parse_many(value)
    except ValueError:
        raise ValueError("must be a rate such as 100/hour, 10/5minute or 5/minute;50/day") from None
    return value


def worker_autoscale(value: str) -> str:
    """Return ``most,fewest``, two numbers of processes; an empty one stays empty."""
    if not value:
        return value
    found = re.fullmatch(r"([0-9]{1,3}) *, *([0-9]{1,3})", value)
    if not found or not 1 <= int(found[2]) <= int(found[1]):
        raise ValueError("must be the most and the fewest processes of a worker, such as 8,2")
    return f"{int(found[1])},{int(found[2])}"


def time_zone(value: str) -> str:
    """Return the IANA name of a time zone once it is known here."""
    try:
        ZoneInfo(value)
    # ZoneInfo raises KeyError for unknown names, ValueError for unsafe ones, OSError for folders.
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as UTC or Europe/Paris") from None
    return value


def single_line(value: str) -> str:
    """Return text once it has no control character, so that it cannot add a header or log line."""
    if not value.isprintable():
        raise ValueError("must be one line of text without control characters")
    return value
