"""The embedded PostgreSQL: a cluster in a folder, made on first use."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.identity import Identity, server_identity
from embedded.ports import LOOPBACK
from embedded.postgres_binaries import PostgresBinaries, find_binaries
from embedded.process import ProcessSpec
from embedded.server import EmbeddedServer

ROLE = "taskservice"
DATABASE = "taskservice"

LOCALE = "C.UTF-8" if sys.platform == "linux" else "C"
"""macOS has no C.UTF-8; there PostgreSQL's built-in provider alone knows about letters."""

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "log_min_messages": "log",  # the application reports failed statements itself
    "log_checkpoints": "off",
}
_THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer(EmbeddedServer):
    """PostgreSQL on 127.0.0.1 with SCRAM authentication and the database ``taskservice``.

    As root the server runs as nobody. When that user cannot get into ``folder`` (below ``/root``,
    for example), the files live under ``/var/lib`` and ``folder`` is a symbolic link to them.
    """

    name = "postgres"
    _binaries: PostgresBinaries
    _identity: Identity

    @property
    def url(self) -> str:
        """The address of the database, in SQLAlchemy's form."""
        address = f"{LOOPBACK}:{self.port}/{DATABASE}"
        return f"postgresql+psycopg2://{ROLE}:{self.password}@{address}"

    @property
    def data(self) -> Path:
        """The cluster, by its real path: a link in a private folder would not help its user."""
        return self.folder.resolve() / "data"

    @property
    def _password_file(self) -> Path:
        return self.data.with_name("password")

    def is_ready(self) -> bool:
        """Ask ``pg_isready``."""
        command = [self._binaries.path("pg_isready"), "-q", "-t", "2", "-h", LOOPBACK]
        command += ["-p", str(self.port), "-U", ROLE, "-d", DATABASE]
        return subprocess.run(command, env=_environment(), check=False).returncode == 0

    def _prepared(self) -> ProcessSpec:
        self._identity = server_identity(self.data)
        _make_reachable(self.folder, self._identity)
        self._binaries = find_binaries(self._identity, self.data.parent)
        self.password = self._stored_password()
        if not self.data.exists():
            self._create_cluster()
        self._check_version()
        self._stop_orphan()
        self.port = self._choose_port()
        return ProcessSpec(
            name=self.name,
            command=[self._binaries.path("postgres"), "-D", str(self.data), *self._options()],
            env=_environment(),
            identity=self._identity,
            stop_signal=signal.SIGINT,  # "fast shutdown": does not wait for clients to leave
            is_ready=self.is_ready,
            noise=re.compile(r" LOG: |the database system is starting up"),
        )

    def _options(self) -> list[str]:
        settings = {**_SETTINGS, "port": str(self.port)}
        if self.throwaway:
            settings |= _THROWAWAY_SETTINGS
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _create_cluster(self) -> None:
        """Make the cluster under another name, so that half a cluster is never taken for one."""
        new = self.data.with_name("data.tmp")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._identity.own(new)
        self._identity.own(self._password_file)
        self._run("initdb", *self._initdb_options(new))
        # A single-user server needs no port and no password.
        self._run("postgres", "--single", "-D", str(new), "postgres", typed=_create_database())
        new.rename(self.data)

    def _initdb_options(self, target: Path) -> list[str]:
        options = [f"--pgdata={target}", f"--username={ROLE}", "--auth=scram-sha-256"]
        options += [f"--pwfile={self._password_file}", "--encoding=UTF8", f"--locale={LOCALE}"]
        if self._binaries.major >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return options + (["--no-sync"] if self.throwaway else [])

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(self._binaries.major):
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}, but this is PostgreSQL "
                f"{self._binaries.major}; install that version, or move the folder away"
            )

    def _stop_orphan(self) -> None:
        """Stop the server that a killed launcher left behind; nobody else can hold the lock."""
        cluster = ["-D", str(self.data)]
        if self._call("pg_ctl", "status", *cluster).returncode == 0:
            self._call("pg_ctl", "stop", *cluster, "-m", "fast", "-w", "-t", "30")
        if self._call("pg_ctl", "status", *cluster).returncode == 0:
            raise EmbeddedError(f"the PostgreSQL server of {self.data} does not stop; stop it")

    def _run(self, tool: str, *arguments: str, typed: str = "") -> None:
        done = self._call(tool, *arguments, typed=typed)
        if done.returncode != 0:
            raise EmbeddedError(f"{tool} failed:\n{done.stdout[-2000:]}")

    def _call(
        self, tool: str, *arguments: str, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's user; ``typed`` is its input."""
        return subprocess.run(
            [self._binaries.path(tool), *arguments],
            cwd="/",
            env=_environment(),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            user=self._identity.uid,
            group=self._identity.gid,
            extra_groups=None if self._identity.uid is None else [],
        )


def _create_database() -> str:
    return f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"


def _environment() -> dict[str, str]:
    """Return the environment without libpq's variables, which could lead to another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": LOCALE}


def _make_reachable(folder: Path, identity: Identity) -> None:
    """Create the folder; move it to where the server's user can get at it, if need be."""
    if identity.uid is None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    if folder.is_symlink() and not folder.exists():
        folder.unlink()  # the place it led to was deleted
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if identity.can_enter(folder.resolve()):
        return
    place = _public_folder(identity) / folder.name
    shutil.move(folder, place)
    identity.own(place)
    folder.symlink_to(place)


def _public_folder(identity: Identity) -> Path:
    for parent in ("/var/lib", tempfile.gettempdir(), "/tmp"):  # noqa: S108 - a new 0711 folder
        if os.access(parent, os.W_OK) and identity.can_enter(Path(parent)):
            place = Path(tempfile.mkdtemp(prefix="task-service-", dir=parent))
            place.chmod(0o711)
            return place
    raise EmbeddedError("no folder found that the user of PostgreSQL can enter; do not run as root")
