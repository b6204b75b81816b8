"""Which user a server runs as. PostgreSQL refuses to run as root, and rightly so."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedError

NOBODY = 65534
"""The traditional uid and gid of the user without rights; needs no entry in /etc/passwd."""


@dataclass(frozen=True)
class Identity:
    """A user and group to run a process as; ``None`` stands for those of this process."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give ``path`` and everything below it to this user."""
        if self.uid is None:
            return
        self._chown(path)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                self._chown(Path(folder, name))

    def can_enter(self, folder: Path) -> bool:
        """Ask the kernel, which knows every parent, ACL and mount, whether the user gets in."""
        if self.uid is None:
            return True
        return self.succeeds(["test", "-x", str(folder)])

    def succeeds(self, command: Sequence[str]) -> bool:
        """Tell whether a command run as this user ends with 0."""
        try:
            done = subprocess.run(
                command,
                cwd="/",
                check=False,
                capture_output=True,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
            )
        except (FileNotFoundError, PermissionError):
            return False
        return done.returncode == 0

    def _chown(self, path: Path) -> None:
        os.chown(path, self.uid or -1, self.gid or -1, follow_symlinks=False)


OURSELVES = Identity()


def server_identity(data: Path) -> Identity:
    """Return the user to run PostgreSQL as, whose cluster is or will be in ``data``.

    An ordinary user runs it as themselves. Root runs it as the owner of the existing cluster, else
    as nobody. Raises :class:`EmbeddedError` when the cluster belongs to somebody else.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise EmbeddedError(f"{data} belongs to another user; run as that user")
        return OURSELVES
    if owner and owner.st_uid != 0:
        return Identity(owner.st_uid, owner.st_gid)
    return Identity(NOBODY, NOBODY)
