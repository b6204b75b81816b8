"""The heart of a process: a thread that writes down every few seconds that it is alive.

The process never waits for it, and whatever becomes of the database, it goes on.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.core.db import beside
from app.processes.service import Process, note_alive

log = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0


class Heart:
    """Beats for a process of one kind; `info` says more of it, as JSON, at every beat."""

    def __init__(self, app: Flask, kind: str, info: Callable[[], dict[str, Any]] = dict) -> None:
        self._app = app
        self._info = info
        self._process = Process(kind, socket.gethostname(), os.getpid(), clock.now())
        self._stopping = threading.Event()

    def start(self) -> None:
        """Beat until the process ends, or `stop` is called."""
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopping.set()

    def beat(self) -> None:
        """Write down that the process is alive. Raises SQLAlchemy's errors."""
        with self._app.app_context(), beside() as session:
            note_alive(session, self._process, self._info())

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except SQLAlchemyError as error:
                # Whoever works with the database says so aloud.
                log.debug("No sign of life could be written: %s", error)
            except Exception:
                log.exception("No sign of life could be written.")
            self._stopping.wait(PAUSE_SECONDS)
