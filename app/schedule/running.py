"""Running the jobs: what a message of beat, a doorbell and `flask jobs run` lead to.

Of each job one run is under way at a time, and they come in the order of their moments.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from app.core.claims import LEASE, Lost
from app.core.db import beside, unit_of_work
from app.schedule import service
from app.schedule.models import CLAIMS, ScheduledRun, State
from app.schedule.queries import first_unfinished
from app.schedule.table import BY_NAME

log = logging.getLogger(__name__)

TURN_SECONDS = 60
"""Then other work of the queue has its turn; the workers are rung for the rest."""
EXTEND_SECONDS = LEASE.total_seconds() / 3


def run_due(name: str) -> str:
    """Plan what is due of all jobs and run what is due of one; returns what was done."""
    with unit_of_work() as session:
        service.plan(session)
    started, said = time.monotonic(), []
    while time.monotonic() - started < TURN_SECONDS and (run := _claim_next(name)):
        said.append(_run(run) if run.state == State.RUNNING else _told(run))
    return "; ".join(said) or f"{name}: nothing to do"


def run_by_hand(name: str) -> str:
    """Run a job now, whether or not it is due; returns what it says. Raises what it raises."""
    with unit_of_work() as session:
        run = service.plan_by_hand(session, name)
    try:
        with _held(run):
            result = BY_NAME[name].run(run.tick_at)
    except BaseException as error:
        _note_failure(run, error)
        raise
    _note_done(run, result)
    return result


def _claim_next(name: str) -> ScheduledRun | None:
    """Claim the first run of a job; None where there is none, or somebody else is at it."""
    with unit_of_work() as session:
        first = first_unfinished(session, name)
        run = CLAIMS.claim(session, first) if first else None
        if run is not None:
            service.begin(run)
    return run


def _run(run: ScheduledRun) -> str:
    """Run a job for its moment and note what came of it."""
    about = _about(run)
    try:
        with _held(run):
            result = BY_NAME[run.name].run(run.tick_at)
    except Exception as error:
        log.exception("%s failed, attempt %s of %s", about, run.attempts, service.MAX_ATTEMPTS)
        _note_failure(run, error)
        return f"{about} failed"
    _note_done(run, result)
    log.info("%s: %s", about, result)
    return f"{about} done"


def _told(run: ScheduledRun) -> str:
    """Say aloud why a run is over that was not run."""
    level = logging.ERROR if run.state == State.FAILED else logging.WARNING
    log.log(level, "%s %s: %s", _about(run), run.state, run.error or run.result)
    return f"{_about(run)} {run.state}"


def _about(run: ScheduledRun) -> str:
    return f"{run.name} of {run.tick_at:%Y-%m-%d %H:%M} UTC"


def _note_done(run: ScheduledRun, result: str) -> None:
    try:
        with unit_of_work() as session:
            service.note_done(CLAIMS.hold(session, run.id, run.run), result)
    except Lost:
        log.warning("The run %s of %s was taken over by another worker.", run.id, run.name)


def _note_failure(run: ScheduledRun, error: BaseException) -> None:
    try:
        with unit_of_work() as session:
            service.note_failure(CLAIMS.hold(session, run.id, run.run), error)
    except Lost:
        log.warning("The run %s of %s was taken over by another worker.", run.id, run.name)


@contextmanager
def _held(run: ScheduledRun) -> Iterator[None]:
    """Keep the lease of `run` alive, however long its job takes; it ends with this process."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's documented way
    over = threading.Event()
    threading.Thread(target=_extend, args=(app, run.id, run.run, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _extend(app: Flask, run_id: int, number: int, over: threading.Event) -> None:
    while not over.wait(EXTEND_SECONDS):
        try:
            with app.app_context(), beside() as session:
                CLAIMS.extend(session, run_id, number)
        except Lost:
            return
        except SQLAlchemyError as error:
            log.debug("A lease could not be extended: %s", error)
