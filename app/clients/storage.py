"""Where finished reports lie: in a folder on the disk, or in a bucket where one is set.

A name is there with its whole content or not at all.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

from werkzeug.utils import import_string

from app.config import Settings

CHUNK = 64 * 1024
S3_STORAGE = "app.clients.s3:S3Storage"
"""By its name, so that only a process that uses the bucket pays for boto3."""


class StorageError(Exception):
    """The storage does not answer or has no room; trying again later may work."""


class Missing(StorageError):
    """There is no file of that name."""


class Stored(NamedTuple):
    """A file: its name and when it was put there."""

    name: str
    stored_at: datetime


class Storage(Protocol):
    """Keeps files by their names. All methods raise StorageError."""

    def put(self, name: str, path: Path) -> None:
        """Keep what `path` holds as `name`; the file at `path` may be gone afterwards."""

    def read(self, name: str) -> Iterator[bytes]:
        """The content in pieces. Raises Missing at once, before the first piece."""

    def remove(self, name: str) -> None:
        """Forget `name`, which need not be there."""

    def all(self) -> Iterator[Stored]:
        """Whatever is there."""


class DiskStorage:
    """Keeps files in one folder, which every process must share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, path: Path) -> None:
        """Move `path`, which is on the same disk. Raises StorageError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The content is on the disk before the name is: a crash leaves no half of it.
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.replace(self.folder / name)
        except OSError as error:
            raise StorageError(f"cannot write to {self.folder}: {error.strerror}") from error

    def read(self, name: str) -> Iterator[bytes]:
        """The content in pieces. Raises Missing, StorageError."""
        try:
            file = (self.folder / name).open("rb")
        except FileNotFoundError:
            raise Missing(name) from None
        except OSError as error:
            raise StorageError(f"cannot read {self.folder}: {error.strerror}") from error
        return _pieces(file)

    def remove(self, name: str) -> None:
        """Delete the file. Raises StorageError."""
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write to {self.folder}: {error.strerror}") from error

    def all(self) -> Iterator[Stored]:
        """Every file of the folder, without those of folders in it."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            # Another process may be quicker in removing it.
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield Stored(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def make_storage(settings: Settings) -> Storage:
    """The storage that the settings ask for."""
    if settings.REPORTS_S3_BUCKET:
        return cast(Storage, import_string(S3_STORAGE)(settings))
    return DiskStorage(settings.DATA_DIR / "reports")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK):
            yield piece
