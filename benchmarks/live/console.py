"""What is asked of a measurement, and what it prints."""

import argparse
import sys


def asked(name: str, about: str | None) -> argparse.ArgumentParser:
    """The parser for the options of `python -m benchmarks.<name>`, which is `about` something."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def say(line: str = "") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
