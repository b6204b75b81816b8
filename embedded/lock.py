"""A lock on a folder, held as long as the process lives: the kernel drops it even after kill -9."""

import fcntl
import os
from pathlib import Path
from typing import Self

from embedded.errors import AlreadyRunningError, EmbeddedError


class FolderLock:
    """Keep a second launcher out of a folder.

    The lock is a file, by default beside the folder (``postgres`` → ``postgres.lock``), which holds
    the pid of the launcher. It is never deleted: unlinking a lock file lets two hold "the" lock.
    """

    def __init__(self, folder: Path, file: Path | None = None) -> None:
        self.folder = folder
        self.file = file or folder.with_name(f"{folder.name}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> Self:
        """Take the lock; do nothing when this object holds it already.

        Raises :class:`AlreadyRunningError` when another launcher holds it, and
        :class:`EmbeddedError` when the folder belongs to another user.
        """
        if self._descriptor is not None:
            return self
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunningError(
                f"already running from this folder ({self.folder}), pid {pid}; "
                "stop it or set DATA_DIR"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def release(self) -> None:
        """Give the lock back; do nothing when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _open(self) -> int:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError:
            raise EmbeddedError(
                f"{self.folder} belongs to another user or is read-only; "
                "run as that user or set DATA_DIR to a folder of your own"
            ) from None
