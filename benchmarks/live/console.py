"""What is printed."""

import sys


def say(line: str = "") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
