"""Files as they come in a form."""

from typing import NamedTuple

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from app.core.json import refused_text

MAX_NAME = 255


class Upload(NamedTuple):
    """A file's name, without its folders, and its content."""

    name: str
    content: bytes


def read_upload(file: FileStorage, limit: int) -> Upload:
    """The file of a form. Raises RequestEntityTooLarge for more than `limit` bytes."""
    content = file.stream.read(limit + 1)
    if len(content) > limit:
        raise RequestEntityTooLarge(f"The file is larger than {limit} bytes.")
    return Upload(_plain_name(file.filename or ""), content)


def _plain_name(given: str) -> str:
    """The last part of a path of any system, fit for a column and for one line of text."""
    name = given.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in name if letter.isprintable())
    return kept[:MAX_NAME] if kept and not refused_text(kept) else "tasks.csv"
