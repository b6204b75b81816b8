"""The lines of many processes on one terminal, each with the name of its process in front."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

_COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92")
_OWN = "run"


class PrefixedOutput:
    """Writes lines; ``broken`` tells that nobody reads them any more."""

    def __init__(self, names: Sequence[str], stream: TextIO) -> None:
        self.broken = False
        self._stream = stream
        self._width = max(len(name) for name in (*names, _OWN))
        self._colours = dict(zip(names, _COLOURS * len(names), strict=False))
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        """Write one line of the process ``name``."""
        prefix = f"{name:<{self._width}} |"
        if self._coloured and name in self._colours:
            prefix = f"\x1b[{self._colours[name]}m{prefix}\x1b[0m"
        self.plain(f"{prefix} {text}")

    def say(self, text: str) -> None:
        """Write one line of the supervisor itself."""
        self.line(_OWN, text)

    def plain(self, text: str) -> None:
        """Write text as it is."""
        if self.broken:
            return
        try:
            print(text, file=self._stream, flush=True)
        except OSError:
            self.broken = True
            self._silence()

    def _silence(self) -> None:
        """Let the interpreter's last flush go nowhere instead of failing."""
        if self._stream is sys.stdout:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
