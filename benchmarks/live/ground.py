"""The servers and processes that a measurement starts, and what they use."""

import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import psutil

from embedded import PostgresServer, ProcessSpec, ValkeyServer
from embedded.ports import free_port
from embedded.process import kill_group, spawn, stop
from workers.processes import ROOT

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class NotUpError(Exception):
    """A process did not come up."""


@dataclass
class Ground:
    """A throw-away PostgreSQL and Valkey, a folder, and the processes on them by their names."""

    folder: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    processes: dict[str, Popen[bytes]] = field(default_factory=dict)
    specs: dict[str, ProcessSpec] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> Popen[bytes]:
        """Start a process in the checkout; what it prints is in `<name>.log`."""
        values = dict(os.environ) | dict(env)
        self.specs[name] = ProcessSpec(name=name, command=command, env=values, cwd=ROOT)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = spawn(self.specs[name], log)
        return self.processes[name]

    def kill(self, name: str) -> None:
        """`kill -9` a process with all that it has started, and start it again."""
        kill_group(self.processes[name])
        self.processes[name].wait()
        spec = self.specs[name]
        self.start(name, spec.command, spec.env)

    def kill_valkey(self) -> None:
        """`kill -9` the Redis server; `valkey.start()` starts it again, empty."""
        assert self.valkey.process is not None
        kill_group(self.valkey.process)
        self.valkey.process.wait()

    def stop_all(self) -> None:
        """Stop what was started last first; the servers stay."""
        for process in reversed(self.processes.values()):
            stop(process, signal.SIGTERM, STOP_SECONDS)
        self.processes.clear()

    def used(self) -> dict[str, float]:
        """The CPU seconds so far of each process and server, with all that they have started."""
        pids = {name: process.pid for name, process in self.processes.items()}
        pids |= {each.name: each.pid for each in (self.postgres, self.valkey) if each.pid}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}

    def log_of(self, name: str) -> str:
        """The end of what a process has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers; stop all and delete all in the end, also where SIGTERM is the end."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="task-service-benchmark-")
        folder = Path(stack.enter_context(name))
        folder.chmod(0o711)  # as root the database runs as nobody, who must get through
        postgres = stack.enter_context(PostgresServer(folder / "postgres", throwaway=True))
        valkey = stack.enter_context(ValkeyServer(folder / "valkey", throwaway=True))
        found = Ground(folder, postgres, valkey)
        stack.callback(found.stop_all)
        yield found


def await_answer(url: str, process: Popen[bytes]) -> None:
    """Return when `url` answers with anything that is no error of the server. Raises NotUpError."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise NotUpError(url)


def family(pid: int) -> list[psutil.Process]:
    """A process with all that it has started."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """The processor time of a process and of its children, those that have ended included."""
    total = 0.0
    for process in family(pid):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def resident(pid: int) -> int:
    """The resident bytes of a process and of its children."""
    total = 0
    for process in family(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def free_address() -> tuple[str, int]:
    """An address of this machine that nobody listens on, and its port."""
    port = free_port()
    return f"127.0.0.1:{port}", port
