"""Making a report: what the job does. Only rows and locks decide, never a message.

Each turn writes a file of its own, from the beginning. It is named by its report once it is whole,
so nobody ever sees a part of one.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import ValidationError
from psycopg2.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.clients.storage import StorageError
from app.config import current_settings
from app.core import clock
from app.core.claims import Lost
from app.core.db import snapshot, unit_of_work
from app.core.errors import Invalid
from app.core.streams import stream_rows
from app.exchange.export import found_tasks
from app.exchange.schemas import ExportQuerySchema
from app.reports import events, files, service
from app.reports.document import Cover, compose
from app.reports.html import write_html
from app.reports.models import CLAIMS, SUMMARIES, Format, ReportJob, State
from app.reports.pdf import write_pdf
from app.reports.periods import Period
from app.reports.rows import WRITERS, check_room
from app.reports.summary import summarise
from app.tasks.listing import Listing
from app.users.actor import Actor
from app.users.queries import find_user

MAX_RUNS = 5
"""Each begins anew, so one that dies half-way is as lost as one that dies at once."""
NOTE_EVERY = 1000
"""Rows after which progress is noted, and a cancelled report is noticed."""
LONGEST_SECONDS = 480
"""Sooner than the job's own limit, so that there is time to say why."""
COUNTING_MILLISECONDS = 50_000
"""Longer than a request may take for it, and shorter than the lease."""


class Halt(Exception):
    """There will be no file; the text is the reason."""


def run_report(report_id: int) -> str:
    """Claim a report and make its file; returns what became of it, for the log."""
    with unit_of_work() as session:
        claimed = CLAIMS.claim(session, report_id)
        if claimed is not None:
            _begin(session, claimed)
    if claimed is None or claimed.state == State.FAILED:
        return f"report {report_id}: nothing to do"
    try:
        return f"report {report_id}: {Run(claimed).go()}"
    except (Halt, Invalid) as refusal:
        return f"report {report_id}: {_fail(claimed, _reason(refusal))}"
    except (StorageError, OSError) as error:
        return f"report {report_id}: {_leave(claimed, str(error))}"
    except Lost:
        return f"report {report_id}: cancelled or taken over"


def _begin(session: Session, claimed: ReportJob) -> None:
    """Move it out of the queue; one that was interrupted begins anew."""
    if claimed.run > MAX_RUNS:
        reason = f"It was interrupted {MAX_RUNS} times."
        if claimed.error:
            reason = f"It was tried {MAX_RUNS} times; at last: {claimed.error}"
        service.finish(session, claimed, State.FAILED, reason, actor_id=claimed.user_id)
        return
    before = events.as_json(claimed)
    claimed.rows_done, claimed.rows_total = 0, None
    if claimed.state == State.WAITING:
        claimed.state = State.RUNNING.value
        events.record_change(claimed, before, actor_id=claimed.user_id)


def _fail(claimed: ReportJob, reason: str) -> str:
    with unit_of_work() as session:
        found = CLAIMS.hold(session, claimed.id, claimed.run)
        service.finish(session, found, State.FAILED, reason, actor_id=found.user_id)
    return f"failed: {reason}"


def _leave(claimed: ReportJob, error: str) -> str:
    """Leave it to the next worker, once the lease is over."""
    with unit_of_work() as session:
        CLAIMS.note(session, claimed.id, claimed.run, error=error)
    return f"not made now: {error}"


def _reason(refusal: Halt | Invalid) -> str:
    errors = refusal.errors if isinstance(refusal, Invalid) and refusal.errors else {}
    wrong = "; ".join(f"{name}: {', '.join(said)}" for name, said in errors.items())
    return " ".join(part for part in (str(refusal), wrong) if part)


class Run:
    """One worker's turn at a report. Raises Halt, Invalid, Lost, StorageError and OSError."""

    def __init__(self, claimed: ReportJob) -> None:
        self._claimed = claimed
        self._id, self._run = claimed.id, claimed.run
        self._ends = time.monotonic() + LONGEST_SECONDS
        with snapshot() as session:
            self._actor = _actor(session, claimed.user_id)
        self._query = _load(claimed.query)

    def go(self) -> str:
        """Make the file, hand it over and say so."""
        name = f"{self._id}-{self._run}.{self._claimed.format}"
        path = files.workshop() / name
        try:
            if self._claimed.format in SUMMARIES:
                self._write_summary(path)
            else:
                self._write_rows(path)
            size = path.stat().st_size
            files.storage().put(name, path)
        finally:
            path.unlink(missing_ok=True)
        try:
            return self._complete(name, size)
        except Lost:
            files.forget([name])
            raise

    def _complete(self, name: str, size: int) -> str:
        keep = timedelta(hours=current_settings().REPORT_RETENTION_HOURS)
        with unit_of_work() as session:
            found = CLAIMS.hold(session, self._id, self._run)
            service.complete(session, found, file_name=name, size=size, keep=keep)
            return f"{found.rows_done} tasks, {size} bytes of {found.format}"

    def _write_rows(self, path: Path) -> None:
        with _patient_snapshot() as session:
            total = Listing(self._query, self._actor).count(session)
        check_room(self._claimed.format, total)
        self._note(rows_total=total)
        write = WRITERS[self._claimed.format]
        write(
            path,
            self._counted(stream_rows(found_tasks(self._query, self._actor))),
            self._actor.zone,
        )

    def _counted(self, rows: Iterator[Any]) -> Iterator[Any]:
        """`rows`, with their number noted on the way and at the end."""
        done = 0
        for done, row in enumerate(rows, 1):
            if done % NOTE_EVERY == 0:
                self._note(rows_done=done)
            yield row
        # Tasks came and went since they were counted.
        self._note(rows_done=done, rows_total=done)

    def _write_summary(self, path: Path) -> None:
        asked = self._claimed
        if asked.first_day is None or asked.last_day is None:
            raise Halt("It has no period.")
        period = Period(asked.first_day, asked.last_day, self._actor.zone)
        with _patient_snapshot() as session:
            summary = summarise(session, self._query, period, self._actor)
        self._note(rows_done=summary.total, rows_total=summary.total)
        cover = Cover(asked.title, asked.query, self._actor, clock.now())
        write = write_pdf if asked.format == Format.PDF else write_html
        write(path, compose(summary, cover))

    def _note(self, **progress: int) -> None:
        if time.monotonic() > self._ends:
            raise Halt(f"It took longer than {LONGEST_SECONDS // 60} minutes; narrow the query.")
        with unit_of_work() as session:
            CLAIMS.note(session, self._id, self._run, **progress)


@contextmanager
def _patient_snapshot() -> Iterator[Session]:
    """A snapshot in which a query may take longer than in a request. Raises Halt where it does."""
    with snapshot() as session:
        session.execute(text(f"SET LOCAL statement_timeout = {COUNTING_MILLISECONDS}"))
        try:
            yield session
        except OperationalError as error:
            if isinstance(error.orig, QueryCanceled):
                raise Halt("The query takes too long; narrow it.") from None
            raise


def _load(query: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = ExportQuerySchema().load(query)
    except ValidationError as error:
        raise Halt(f"The query is not valid any more: {', '.join(error.messages_dict)}.") from None
    return loaded


def _actor(session: Session, user_id: int) -> Actor:
    """Who asks, with the rights of this moment."""
    user = find_user(session, user_id)
    if user is None or not user.is_active:
        raise Halt("The account that asked for it is disabled.")
    return Actor.of(user)
