"""Runs migrations for `flask db …`.

A migration waits for locks only briefly: one that queues behind a long query would stop every
query that comes after it. It fails instead, changes nothing, and is run again later.
"""

from collections.abc import Iterable
from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript
from flask import current_app
from sqlalchemy import text

database = current_app.extensions["migrate"].db

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "15min"


def no_empty_migration(_context: Any, _revision: Any, scripts: list[MigrationScript]) -> None:
    """Write no file when `flask db migrate` finds that models and migrations agree."""
    upgrades: Iterable[Any] = scripts[0].upgrade_ops_list
    if all(upgrade.is_empty() for upgrade in upgrades):
        scripts.clear()
        print("No changes detected.")


def run() -> None:
    """Run every outstanding migration in one transaction, one migrator at a time."""
    with database.engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '2min'"))
        connection.execute(text("SELECT pg_advisory_lock(hashtext('migrations'))"))
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            process_revision_directives=no_empty_migration,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
