"""What all commands of `flask …` share: without settings or a database they end with a sentence."""

import os
import sys
from types import TracebackType

from sqlalchemy.exc import OperationalError

from app.config import SettingsError
from app.core.errors import in_one_line


def speak_plainly() -> None:
    """Under `flask …`, say what is missing instead of showing a stack.

    Some commands are Flask-Migrate's own, and without settings there is not even an application, so
    the one place that sees the errors of all of them is the interpreter's hook.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    if isinstance(error, SettingsError):
        sys.stderr.write(f"Error: {error}\n")
    elif isinstance(error, OperationalError):
        sys.stderr.write(
            f"Error: The database does not answer: {in_one_line(error)}\n"
            "Start the service (python run.py), or let DATABASE_URL name a database that runs.\n"
        )
    else:
        sys.__excepthook__(kind, error, stack)
