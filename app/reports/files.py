"""The files of reports: where they are kept, where they are made, and clearing up."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path

from flask import current_app

from app.clients.storage import DiskStorage, Storage, StorageError, Stored, make_storage
from app.config import current_settings
from app.core import clock
from app.core.db import snapshot
from app.reports.job_queries import named_files

log = logging.getLogger(__name__)

ABANDONED = timedelta(hours=1)
"""Longer than a worker may take for a report: whatever nobody names then was left behind."""
BATCH = 500


def storage() -> Storage:
    """The storage of this process."""
    extensions = current_app.extensions
    if "report_storage" not in extensions:
        extensions["report_storage"] = make_storage(current_settings())
    found: Storage = extensions["report_storage"]
    return found


def workshop() -> Path:
    """The folder in which files are made; the finished ones lie beside it, on the same disk."""
    folder = current_settings().DATA_DIR / "reports" / "unfinished"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def forget(names: Iterable[str]) -> None:
    """Remove files; one that cannot be removed now is found by `sweep` later."""
    for name in names:
        with suppress(StorageError):
            storage().remove(name)


def sweep() -> int:
    """Remove files that no report names, such as those of killed workers; returns how many.

    Raises StorageError.
    """
    return _sweep(storage()) + _sweep(DiskStorage(workshop()))


def _sweep(kept: Storage) -> int:
    removed = 0
    before = clock.now() - ABANDONED
    old = (each for each in kept.all() if each.stored_at < before)
    while batch := _names(old):
        with snapshot() as session:
            named = named_files(session, batch)
        for name in batch:
            if name not in named:
                log.info("Removing %s, which belongs to no report.", name)
                kept.remove(name)
                removed += 1
    return removed


def _names(files: Iterator[Stored]) -> list[str]:
    return [each.name for each in islice(files, BATCH)]
