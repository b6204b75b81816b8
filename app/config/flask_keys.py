"""The names under which Flask and its extensions look for what the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.config.settings import Settings

# A session that waits longer than this is broken; statement_timeout also bounds a request, which
# gunicorn's timeout does not (it is a heartbeat of the worker).
POSTGRES_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": 15_000,
        "lock_timeout": 5_000,
        "idle_in_transaction_session_timeout": 60_000,
        "timezone": "UTC",
    }.items()
)


def from_settings(settings: Settings) -> dict[str, object]:
    """Return the keys for ``app.config``."""
    return {
        **_flask_keys(settings),
        **_database_keys(settings),
        **_token_keys(settings),
        **_openapi_keys(),
    }


def _flask_keys(settings: Settings) -> dict[str, object]:
    hosts = settings.ALLOWED_HOSTS
    return {
        "DEBUG": settings.DEBUG,
        "SECRET_KEY": settings.SECRET_KEY,
        "MAX_CONTENT_LENGTH": settings.MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": settings.MAX_BODY_BYTES,
        "TRUSTED_HOSTS": None if not hosts or "*" in hosts else hosts,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_production,
    }


def _database_keys(settings: Settings) -> dict[str, object]:
    return {
        "SQLALCHEMY_DATABASE_URI": settings.DATABASE_URL,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            # (size + overflow) × processes must stay below PostgreSQL's max_connections.
            "pool_size": 10,
            "max_overflow": 10,
            "pool_timeout": 2,
            "pool_pre_ping": True,
            "pool_recycle": 1800,
            "connect_args": {
                "connect_timeout": 5,
                "application_name": "task-service",
                "options": POSTGRES_OPTIONS,
            },
        },
    }


def _token_keys(settings: Settings) -> dict[str, object]:
    """Name one algorithm, one issuer and one audience: a token from elsewhere is refused."""
    return {
        "JWT_SECRET_KEY": settings.JWT_SECRET_KEY,
        "JWT_ALGORITHM": "HS256",
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_ENCODE_ISSUER": "task-service",
        "JWT_DECODE_ISSUER": "task-service",
        "JWT_ENCODE_AUDIENCE": "task-service",
        "JWT_DECODE_AUDIENCE": "task-service",
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=settings.JWT_ACCESS_TOKEN_LIFETIME),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(minutes=settings.JWT_REFRESH_TOKEN_LIFETIME),
    }


def _openapi_keys() -> dict[str, object]:
    """Serve the OpenAPI document at ``/api/openapi.json``; 3.1 has right nullable types."""
    return {
        "API_TITLE": "Task service",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
    }
