"""Reading more rows than fit into memory, in one snapshot, at the pace of whoever takes them.

A slow reader must not starve the others, so such a reading has a connection of its own outside the
pool, and there are only a few of them at a time. PostgreSQL ends one that stands still for a minute
(`idle_in_transaction_session_timeout`), and LONGEST ends one that trickles.
"""

import time
from collections.abc import Generator, Iterator
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Connection, Engine, Select, text

from app.core.errors import Unavailable
from app.extensions import db

MAX_STREAMS = 5
"""At a time in one process; each is a connection to the database."""
LONGEST_SECONDS = 1800
FIRST_ROW_SECONDS = 120
"""Sorting everything takes longer than any other statement may."""
BATCH = 1000

_free = BoundedSemaphore(MAX_STREAMS)


class TooSlow(Exception):
    """Whoever reads has taken longer than LONGEST_SECONDS."""


def stream_rows(statement: Select[Any]) -> Iterator[Any]:
    """The rows of `statement`, which is run when the first is asked for.

    Closing the iterator ends the query. Raises Unavailable at once while there are too many.
    """
    if not _free.acquire(blocking=False):
        raise Unavailable("Too many exports are running; try again in a moment.")
    return _Rows(statement)


class _Rows:
    """An iterator that gives its place back also where nothing was ever asked of it."""

    def __init__(self, statement: Select[Any]) -> None:
        self._rows = _read(db.engine, statement)
        self._holds_place = True

    def __iter__(self) -> "_Rows":
        return self

    def __next__(self) -> Any:
        try:
            return next(self._rows)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the query and make room for another reader."""
        self._rows.close()
        if self._holds_place:
            self._holds_place = False
            _free.release()

    def __del__(self) -> None:
        self.close()


def _read(engine: Engine, statement: Select[Any]) -> Generator[Any]:
    ends = time.monotonic() + LONGEST_SECONDS
    with engine.connect() as connection:
        _set_apart(connection)
        found = connection.execute(statement.execution_options(yield_per=BATCH))
        for rows in found.partitions():
            if time.monotonic() > ends:
                raise TooSlow
            yield from rows


def _set_apart(connection: Connection) -> None:
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    # Its place in the pool is free again, and closing it really ends the session.
    connection.detach()
    connection.execute(text(f"SET LOCAL statement_timeout = '{FIRST_ROW_SECONDS}s'"))
