"""Doing something so many times a second; imports nothing of the service, as the plan."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def at_rate(items: Iterable[T], rate: float, act: Callable[[T], object]) -> float:
    """Call `act` for each item at its moment, late ones at once; returns how late the last was."""
    began, late = time.monotonic(), 0.0
    for number, item in enumerate(items):
        wait = began + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        act(item)
        late = max(0.0, -wait)
    return late


def ready_then_go() -> None:
    """Tell whoever started this process that it is ready, and wait for the word."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def write_lines(file: Path, rows: Iterable[Any]) -> None:
    """Put each row into a line of JSON."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def read_lines(file: Path) -> list[Any]:
    """What `write_lines` wrote."""
    return [json.loads(line) for line in file.read_text().splitlines()]
