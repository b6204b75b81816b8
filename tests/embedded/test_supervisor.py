import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIVE = "import os, time; print('pid', os.getpid()); time.sleep(60)"
GRANDPARENT = (
    "import os, subprocess, sys, time;"
    "print('pid', subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid);"
    "time.sleep(60)"
)
POLITE = (
    "import signal, sys, time;"
    "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye'), sys.exit()));"
    "print('listening'); time.sleep(60)"
)


class Run:
    """A supervisor in a process of its own, and what it has printed."""

    def __init__(self, *children: Sequence[object]) -> None:
        specs = [[*child, {}][:3] for child in children]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.supervised", json.dumps(specs)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def has_printed(self, pattern: str) -> None:
        """Wait for a line that matches, unless there was one."""
        if not any(re.search(pattern, line) for line in self.lines):
            self.until(pattern)

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until another line matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} was never printed in:\n" + "\n".join(self.lines))

    def pid_of(self, name: str) -> int:
        return int(self.until(rf"^{name} +\| pid (\d+)")[1])

    def end(self) -> int:
        """Read the rest and return the exit code."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(60)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        run.process.terminate()
        run.end()
        assert run.process.stdout is not None
        run.process.stdout.close()


def is_gone(pid: int) -> bool:
    """Wait for a process to be gone; a zombie that nobody has buried yet counts as gone."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_killed_process_comes_back(runs: list[Run]) -> None:
    runs.append(run := Run(["web", LIVE], ["relay", LIVE]))
    first = run.pid_of("web")
    os.kill(first, signal.SIGKILL)
    run.until(r"run +\| web ended \(killed by SIGKILL\); restart in 0.5 s")
    assert run.pid_of("web") != first


def test_processes_stop_in_reverse_order_and_nothing_is_left(runs: list[Run]) -> None:
    runs.append(run := Run(["first", POLITE], ["second", GRANDPARENT], ["third", POLITE]))
    grandchild = run.pid_of("second")
    run.has_printed(r"first +\| listening")
    run.has_printed(r"third +\| listening")
    run.process.terminate()
    assert run.end() == 0
    assert [line for line in run.lines if "goodbye" in line] == [
        "third  | goodbye",
        "first  | goodbye",
    ]
    assert is_gone(grandchild)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot tell a child")
def test_a_killed_supervisor_takes_its_processes_along(runs: list[Run]) -> None:
    runs.append(run := Run(["web", LIVE]))
    child = run.pid_of("web")
    run.process.kill()
    assert is_gone(child)


def test_a_process_that_never_comes_up_ends_it_all(runs: list[Run], tmp_path: Path) -> None:
    said = tmp_path / "database has said its pid"
    database = LIVE.replace("time.sleep", f"open({str(said)!r}, 'w').close(); time.sleep")
    broken = (
        "import os, sys, time\n"
        f"while not os.path.exists({str(said)!r}): time.sleep(0.01)\n"
        "print('no such setting: COLOUR'); sys.exit(3)"
    )
    command = Run(["database", database], ["migrate", broken, {"once": True}], ["web", LIVE])
    runs.append(command)
    child = command.pid_of("database")
    assert command.end() == 1
    text = "\n".join(command.lines)
    assert "Could not start: migrate failed (exit code 3)" in text
    assert "  no such setting: COLOUR" in text
    assert "web" not in text
    assert is_gone(child)


def test_a_process_that_dies_at_once_is_given_up(runs: list[Run]) -> None:
    runs.append(run := Run(["web", "raise SystemExit('port taken')"]))
    assert run.end() == 1
    assert "web ended 5 times in a row (exit code 1)" in "\n".join(run.lines)
    assert "  port taken" in run.lines


def test_the_next_process_waits_for_a_command_to_end(runs: list[Run]) -> None:
    slow = "import time; time.sleep(0.3); print('migrated')"
    runs.append(run := Run(["migrate", slow, {"once": True}], ["web", LIVE]))
    run.until("all up")
    assert run.lines[0] == "migrate | migrated"


def test_lines_carry_names_without_colours_when_nobody_watches(runs: list[Run]) -> None:
    long_line = "print('x' * 100_000, end=''); import time; time.sleep(60)"
    runs.append(run := Run(["web", long_line], ["relay", LIVE]))
    run.pid_of("relay")
    run.process.terminate()
    assert run.end() == 0
    assert f"web   | {'x' * 100_000}" in run.lines
    assert "\x1b" not in "".join(run.lines)
