"""Keeps a list of processes running in the foreground, and leaves nothing behind."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from embedded.errors import StartError
from embedded.output import PrefixedOutput
from embedded.process import STOP_TIMEOUT, ProcessSpec, kill_group, spawn

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
"""Seconds before a dead process is started again: doubled each time, so it is back within 10 s."""
LONG_LIFE = 30.0
"""Seconds of life after which a death counts as the first one again."""
PROOF_OF_LIFE = 10.0
"""Seconds after which a process without ``is_ready`` has come up."""
ATTEMPTS = 5
"""A process that dies so often without having come up once will not come up."""

_TICK = 0.05


class _Child:
    """One process and its history."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self.process: subprocess.Popen[bytes] | None = None
        self.last_lines: deque[str] = deque(maxlen=30)
        self.came_up = False
        self.deaths = 0
        self.due_at = 0.0
        self.started_at = 0.0
        self.unfinished = b""

    @property
    def lifetime(self) -> float:
        return time.monotonic() - self.started_at

    def has_come_up(self) -> bool:
        """Tell whether it did, now or earlier."""
        if not self.came_up and self.process is not None and not self.spec.once:
            ready = self.spec.is_ready
            self.came_up = ready() if ready else self.lifetime > PROOF_OF_LIFE
        return self.came_up

    def pause(self) -> float:
        """Count a death and return the seconds to wait before the next start."""
        self.deaths = 1 if self.lifetime > LONG_LIFE else self.deaths + 1
        # The exponent is bounded: a process may die many times.
        return min(FIRST_PAUSE * 2.0 ** min(self.deaths - 1, 10), LONGEST_PAUSE)

    def error(self, what: str) -> StartError:
        shown = "\n".join(f"  {line}" for line in self.last_lines) or "  (it wrote nothing)"
        return StartError(f"{self.spec.name} {what}. Its last output:\n{shown}")


class Supervisor:
    """Starts processes in order, restarts those that die, stops all in reverse order.

    It uses one thread only, the main one: a process started by another thread would be taken down
    with that thread, and signal handlers belong to the main thread anyway.
    """

    def __init__(self, specs: Sequence[ProcessSpec], stream: TextIO | None = None) -> None:
        self._children = [_Child(spec) for spec in specs]
        self._out = PrefixedOutput([spec.name for spec in specs], stream or sys.stdout)
        self._selector = selectors.DefaultSelector()
        self._stop_asked = False

    def run(self, when_up: Callable[[], None] | None = None) -> int:
        """Run until SIGTERM, SIGINT or SIGHUP; return the exit code.

        ``when_up`` is called once, when every process has started. The code is 1 when a process
        did not come up, whose last lines are then shown.
        """
        with self._signals_handled():
            try:
                self._start_all()
                if when_up and not self._stopping:
                    when_up()
                while not self._stopping:
                    self._tick()
            except StartError as error:
                self._out.plain(f"\nCould not start: {error}\n")
                return 1
            finally:
                self._stop_all()
        return 0

    @property
    def _stopping(self) -> bool:
        return self._stop_asked or self._out.broken

    @contextmanager
    def _signals_handled(self) -> Iterator[None]:
        heard = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup: survive the terminal
            heard.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._ask_to_stop) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked = True

    def _start_all(self) -> None:
        for child in self._children:
            self._start(child)
            deadline = time.monotonic() + child.spec.start_timeout
            while not self._stopping and self._must_wait_for(child):
                self._tick()
                if not child.spec.once and time.monotonic() > deadline:
                    raise child.error(f"was not ready after {child.spec.start_timeout:.0f} s")

    def _must_wait_for(self, child: _Child) -> bool:
        if child.spec.once or child.spec.is_ready:
            return not child.has_come_up()
        return False

    def _start(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        try:
            child.process = spawn(child.spec, subprocess.PIPE)
        except OSError as error:
            child.last_lines.append(str(error))
            raise child.error("cannot be run") from None
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _tick(self) -> None:
        """Pass output on for a moment, then look after every process that was started."""
        self._pass_output_on(_TICK)
        for child in self._children:
            if child.process is None:
                self._restart_if_due(child)
            elif child.process.poll() is not None:
                self._bury(child)
            elif not child.spec.is_ready:
                child.has_come_up()

    def _restart_if_due(self, child: _Child) -> None:
        if child.due_at and time.monotonic() >= child.due_at:
            child.due_at = 0.0
            self._start(child)

    def _bury(self, child: _Child) -> None:
        """Clear up after a process that ended, and arrange what follows."""
        code = self._close(child)
        if child.spec.once:
            if code != 0:
                raise child.error(f"failed ({_described(code)})")
            child.came_up = True
            return
        pause = child.pause()
        if not child.came_up and child.deaths >= ATTEMPTS:
            raise child.error(f"ended {child.deaths} times in a row ({_described(code)})")
        child.due_at = time.monotonic() + pause
        self._out.say(f"{child.spec.name} ended ({_described(code)}); restart in {pause:g} s")

    def _close(self, child: _Child) -> int:
        """Take the last output and whatever else is left of an ended process; return its code."""
        process, child.process = child.process, None
        assert process is not None
        assert process.stdout is not None
        kill_group(process)
        code = process.wait()
        self._read(child, process.stdout.fileno())
        if child.unfinished:
            self._show(child, child.unfinished)
            child.unfinished = b""
        if process.stdout in self._selector.get_map():
            self._selector.unregister(process.stdout)
        process.stdout.close()
        return code

    def _pass_output_on(self, seconds: float) -> None:
        events = self._selector.select(seconds)
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _ in events:
            if not self._read(key.data, key.fd):
                self._selector.unregister(key.fileobj)

    def _read(self, child: _Child, descriptor: int) -> bool:
        """Show the complete lines that are there; return whether more may follow."""
        while True:
            try:
                part = os.read(descriptor, 65536)
            except BlockingIOError:
                return True
            if not part:
                return False
            *lines, child.unfinished = (child.unfinished + part).split(b"\n")
            for line in lines:
                self._show(child, line)

    def _show(self, child: _Child, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        child.last_lines.append(text)
        if not (child.spec.noise and child.spec.noise.search(text)):
            self._out.line(child.spec.name, text)

    def _stop_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        if running:
            self._out.say("stopping")
        for child in reversed(running):
            self._stop(child)
        self._selector.close()

    def _stop(self, child: _Child) -> None:
        assert child.process is not None
        child.process.send_signal(child.spec.stop_signal)
        deadline = time.monotonic() + STOP_TIMEOUT
        while child.process.poll() is None and time.monotonic() < deadline:
            self._pass_output_on(_TICK)
        if child.process.poll() is None:
            self._out.say(f"{child.spec.name} did not stop within {STOP_TIMEOUT:.0f} s: killed")
        self._close(child)


def _described(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
