"""The files that the pages load, and the version that their addresses hold.

The version is a folder of the address: modules find each other beneath it by relative imports,
and all files of one visit are of one version.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app, send_from_directory

FOLDER = Path(__file__).parent / "static"

_ONE_YEAR = 31_536_000


@cache
def version() -> str:
    """Return a digest of all files with their names, read once."""
    digest = sha256()
    for file in sorted(FOLDER.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(FOLDER).as_posix().encode())
            digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def send(asked: str, name: str) -> Response:
    """Send a file: under its present address for good, under any other to be asked for again.

    Others are asked for while instances of two releases run side by side, and by pages that were
    open before an update. They get what is here, which is nearer to what they want than nothing,
    and no cache keeps it. With DEBUG nothing is kept, so that a change is seen at once.
    """
    lasts = asked == version() and not current_app.debug
    answer = send_from_directory(FOLDER, name, max_age=_ONE_YEAR if lasts else None)
    answer.cache_control.immutable = lasts
    return answer
