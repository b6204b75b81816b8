"""The checks themselves: each answers whether one thing the service needs is right."""

import logging
from functools import cache as memoize

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.cache import CacheUnavailable, cache
from app.extensions import db

log = logging.getLogger(__name__)


def database_answers() -> bool:
    """Whether PostgreSQL answers a query."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("The database does not answer: %s", error)
        return False
    return True


def redis_answers() -> bool:
    """Whether Redis answers a PING."""
    try:
        return bool(cache().call(lambda client: client.ping()))
    except CacheUnavailable:
        return False


def schema_is_current() -> bool:
    """Whether the database has exactly the migrations that this code brings."""
    try:
        with db.engine.connect() as connection:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return False
    return bool(found == _newest_migration(current_app.extensions["migrate"].directory))


@memoize
def _newest_migration(directory: str) -> str | None:
    return ScriptDirectory(directory).get_current_head()
