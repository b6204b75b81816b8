"""A fresh PostgreSQL and a fresh Valkey for one test session, gone without a trace afterwards."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.lock import FolderLock
from embedded.postgres import PostgresServer
from embedded.valkey import ValkeyServer

_PREFIX = "task-service-test-"
_GRACE = 60.0
"""Seconds after which a folder without a lock was left behind, and is not just being made."""


@dataclass(frozen=True)
class Servers:
    """The addresses of a running pair."""

    database_url: str
    redis_url: str


@contextmanager
def throwaway_servers() -> Iterator[Servers]:
    """Start both servers in a new temporary folder; stop them and delete it at the end.

    Call it from the main thread, once per session: under pytest-xdist in the controlling process.
    """
    _sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    place.chmod(0o711)  # as root the database runs as nobody, who must get through
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        stack.enter_context(FolderLock(place, place / "lock"))
        postgres = stack.enter_context(PostgresServer(place / "postgres", throwaway=True))
        valkey = stack.enter_context(ValkeyServer(place / "valkey", throwaway=True))
        yield Servers(postgres.url, valkey.url)


def _sweep() -> None:
    """Delete the folders of sessions that were killed."""
    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - place.stat().st_mtime < _GRACE:
                continue
            with FolderLock(place, place / "lock"):
                shutil.rmtree(place, ignore_errors=True)
        except (EmbeddedError, OSError):
            continue  # in use, or another user's
