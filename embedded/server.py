"""What the embedded PostgreSQL and the embedded Valkey have in common."""

import secrets
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

from embedded.errors import StartError
from embedded.lock import FolderLock
from embedded.ports import free_port, is_free
from embedded.process import STOP_TIMEOUT, ProcessSpec, spawn, stop

READY_TIMEOUT = 60.0
"""Seconds; a crash recovery of a large database takes a while."""


class EmbeddedServer(ABC):
    """A database server with its files in one folder, listening on a free port of 127.0.0.1.

    Use it alone (``with PostgresServer(folder) as server: … server.url``), or give
    :meth:`prepare`'s result to a :class:`embedded.supervisor.Supervisor` and call :meth:`release`
    after that has stopped. ``throwaway`` trades durability for speed and deletes the folder at the
    end.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder.absolute()
        self.throwaway = throwaway
        self.port = 0
        self.password = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = FolderLock(self.folder)
        self._spec: ProcessSpec | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for clients, with the password; known after :meth:`prepare`."""

    @property
    def pid(self) -> int | None:
        """The process id, when :meth:`start` started it."""
        return self.process.pid if self.process else None

    def prepare(self) -> ProcessSpec:
        """Lock the folder, make what is missing in it, and return how to start the server.

        Raises :class:`embedded.errors.EmbeddedError`.
        """
        if self._spec is None:
            self._lock.acquire()
            try:
                self._spec = self._prepared()
            except BaseException:
                self._give_back()
                raise
        return self._spec

    def start(self) -> Self:
        """Start the server and return when it is ready; also after it died, on the same port.

        Raises :class:`embedded.errors.EmbeddedError`.
        """
        spec = self.prepare()
        with (self.folder / "output.log").open("wb") as output:
            self.process = spawn(spec, output)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server, if :meth:`start` started it, and release the folder."""
        if self.process and self._spec:
            stop(self.process, self._spec.stop_signal, STOP_TIMEOUT)
            self.process = None
        self.release()

    def release(self) -> None:
        """Give the folder back, and delete it when it is a throw-away; the server must be down."""
        if self._spec is not None:
            self._spec = None
            self._give_back()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether the server answers its clients now."""

    @abstractmethod
    def _prepared(self) -> ProcessSpec:
        """Do the work of :meth:`prepare`; the lock is held."""

    def _give_back(self) -> None:
        if self.throwaway:
            place = self.folder.resolve()
            # A link leads to a folder that was made for these files; see PostgresServer.
            shutil.rmtree(place.parent if self.folder.is_symlink() else place, ignore_errors=True)
            self.folder.unlink(missing_ok=True)
        self._lock.release()

    def _choose_port(self) -> int:
        """Return the port of the last run when it is free, else another one, and write it down."""
        port = self._last_port()
        if port is None or not is_free(port):
            port = free_port()
            write_private(self.folder / "port", f"{port}\n")
        return port

    def _last_port(self) -> int | None:
        with suppress(FileNotFoundError, ValueError):
            return int((self.folder / "port").read_text())
        return None

    def _stored_password(self) -> str:
        """Return the password of this folder; the first time, make one in a file of mode 0600."""
        file = self.folder / "password"
        if not file.exists():
            write_private(file, secrets.token_hex(24))
        return file.read_text().strip()

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.is_ready():
                return
            time.sleep(0.02)
        log = (self.folder / "output.log").read_text(errors="replace")
        raise StartError(f"{self.name} did not start; its last output:\n{log[-2000:]}")


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, at once or not at all."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)
