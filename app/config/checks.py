"""What a setting's own type cannot tell: what is missing, and what production must not run with."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.config.settings import MIN_SECRET_BYTES, Settings

HOW_TO_MAKE_ONE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'

_PLACEHOLDER = re.compile(
    # Short words count only when they stand alone: chance puts four given letters into a good key.
    r"change|placeholder|example|insecure|default|replace|secret|password|<.*>"
    r"|(?<![^\W_])(?:your|dev|test|key)(?![^\W_])",
    re.IGNORECASE,
)
_MIN_DIFFERENT_CHARACTERS = 10


class Problem(NamedTuple):
    """One setting that is wrong: its name and a sentence that says what to do."""

    name: str
    advice: str


def problems(settings: Settings) -> list[Problem]:
    """Return everything that keeps the service from starting, in the order of the settings."""
    found = list(_missing(settings))
    if settings.is_production:
        found += [*_unsafe_secrets(settings), *_unsafe_switches(settings)]
    return found


def _missing(settings: Settings) -> Iterator[Problem]:
    production = settings.is_production
    start = "" if production else " or start through run.py, which provides one"
    if not settings.SECRET_KEY:
        yield Problem("SECRET_KEY", f"is not set; {HOW_TO_MAKE_ONE}{start}")
    if production and not settings.JWT_SECRET_KEY:
        yield Problem("JWT_SECRET_KEY", f"is not set; {HOW_TO_MAKE_ONE}")
    if not settings.DATABASE_URL:
        yield Problem(
            "DATABASE_URL", f"is not set; write postgresql://user:password@host:5432/name{start}"
        )
    if not settings.REDIS_URL:
        why = ", since limits in memory count per process only" if production else ""
        yield Problem("REDIS_URL", f"is not set; write redis://:password@host:6379/0{why}{start}")


def _unsafe_secrets(settings: Settings) -> Iterator[Problem]:
    names = ("SECRET_KEY", "JWT_SECRET_KEY", "METRICS_TOKEN")
    secrets = {name: getattr(settings, name) for name in names}
    for name, secret in secrets.items():
        if secret and (weakness := _weakness(secret)):
            yield Problem(name, f"{weakness}; {HOW_TO_MAKE_ONE}")
    if settings.SECRET_KEY and settings.SECRET_KEY == settings.JWT_SECRET_KEY:
        yield Problem("JWT_SECRET_KEY", f"is equal to SECRET_KEY; {HOW_TO_MAKE_ONE}")


def _weakness(secret: str) -> str | None:
    """Say why a secret can be guessed, or return None."""
    if len(secret.encode()) < MIN_SECRET_BYTES:
        return f"is shorter than {MIN_SECRET_BYTES} bytes"
    if _PLACEHOLDER.search(secret):
        return "looks like a placeholder from a document"
    if len(set(secret)) < _MIN_DIFFERENT_CHARACTERS:
        return "repeats a few characters"
    return None


def _unsafe_switches(settings: Settings) -> Iterator[Problem]:
    if settings.DEBUG:
        yield Problem("DEBUG", "must be off in production; it shows the inside of errors")
    if settings.BOOTSTRAP_ADMIN:
        yield Problem(
            "BOOTSTRAP_ADMIN", "must be off in production; use `flask create-admin` instead"
        )
    if not settings.REFUSE_COMMON_PASSWORDS:
        yield Problem("REFUSE_COMMON_PASSWORDS", "must be on in production; remove the setting")
    if "*" in settings.CORS_ORIGINS:
        yield Problem("CORS_ORIGINS", "must name each origin in production instead of *")
    if "*" in settings.ALLOWED_HOSTS:
        yield Problem("ALLOWED_HOSTS", "must name each host in production instead of *")
    if any(network.endswith("/0") for network in settings.WEBHOOK_ALLOWED_NETWORKS):
        yield Problem(
            "WEBHOOK_ALLOWED_NETWORKS", "must not hold all addresses in production; name networks"
        )
