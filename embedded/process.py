"""What a process is (:class:`ProcessSpec`), how it is started and how it is stopped."""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from embedded.identity import OURSELVES, Identity

STOP_TIMEOUT = 25.0
"""Seconds that a process has to end by itself before it is killed."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """Everything that is needed to start a process, and to start it again."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = Path("/")
    identity: Identity = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    is_ready: Callable[[], bool] | None = None
    """Tells whether the next process may start; without it that is at once."""
    start_timeout: float = 60.0
    """Seconds within which a process with ``is_ready`` must be ready for the first time."""
    once: bool = False
    """A command that must end with 0 before the next process starts, and is not restarted."""
    noise: re.Pattern[str] | None = None
    """Lines not worth showing, unless the process fails to come up."""


def spawn(spec: ProcessSpec, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches its supervisor only.

    On Linux it gets its stop signal when the *thread* that called this ends, even by kill -9; so
    call it from the main thread. Raises ``OSError`` when the program cannot be run.
    """
    return subprocess.Popen(
        list(spec.command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=spec.cwd,
        env=dict(spec.env),
        start_new_session=True,
        user=spec.identity.uid,
        group=spec.identity.gid,
        extra_groups=None if spec.identity.uid is None else [],
        # The callers are single-threaded at this point, and the call below takes no lock.
        preexec_fn=_with_parent(spec.stop_signal),  # noqa: PLW1509
    )


def stop(process: subprocess.Popen[bytes], by: signal.Signals, timeout: float) -> None:
    """Ask a process to end, wait, kill it after ``timeout`` seconds, and clear its group."""
    if process.poll() is None:
        process.send_signal(by)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout)
    kill_group(process)
    process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the process and of those that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what makes a child get ``stop_signal`` when its parent dies; Linux only."""
    if _LIBC is None:
        return None
    prctl, parent, getppid = _LIBC.prctl, os.getpid(), os.getppid

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if getppid() != parent:
            # The parent died before the line above: nobody will send the signal any more.
            os._exit(1)

    return arrange
