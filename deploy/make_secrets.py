"""Make the secrets of a container stack, once: `python deploy/make_secrets.py FOLDER`.

FOLDER/service.env is for the service alone: the image's `.env` is a link to it, so that commands
started with `docker-compose exec` find the secrets, too, and the environment still wins.
FOLDER/db_password is the database password again, for the database server, another user, and
FOLDER/metrics_token is what Prometheus shows at /metrics.
"""

import os
import secrets
import sys
from pathlib import Path

NAMES = ("SECRET_KEY", "JWT_SECRET_KEY", "DB_PASSWORD", "METRICS_TOKEN")


def make_secrets(folder: Path) -> None:
    """Write the files. What is there stays: other keys would end every session."""
    service = folder / "service.env"
    lines = service.read_text().splitlines() if service.exists() else []
    known = dict(line.split("=", 1) for line in lines)
    if set(NAMES) <= known.keys():
        return
    values = {name: secrets.token_urlsafe(48) for name in NAMES} | known
    _write(folder / "db_password", values["DB_PASSWORD"], 0o444)
    _write(folder / "metrics_token", values["METRICS_TOKEN"], 0o444)
    # Last, since it tells that all is done.
    _write(service, "".join(f"{name}={value}\n" for name, value in values.items()), 0o400)


def _write(file: Path, text: str, mode: int) -> None:
    """Write a file that is there in full or not at all."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with open(part, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        output.write(text)
    part.chmod(mode)
    part.replace(file)


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
