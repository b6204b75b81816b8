"""Carrying out an import: what the job does. Only rows and locks decide, never a message."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.core.claims import Lost
from app.core.db import beside, snapshot, unit_of_work
from app.core.errors import ServiceError
from app.exchange import events, service
from app.exchange.examining import Examined, Examiner, chunks
from app.exchange.models import CLAIMS, ImportFault, ImportFile, Mode, State, TaskImport
from app.exchange.reading import TaskFile
from app.tasks.editing import read_edit
from app.tasks.intake import Intake
from app.users.actor import Actor
from app.users.queries import find_user

SLICE_SECONDS = 30
"""A long import lets other work of its queue through after that."""
MAX_ATTEMPTS = 5
"""So often a worker may be lost over an import that does not get on."""


class Halt(Exception):
    """The import cannot go on; the text is its reason."""


def run_import(import_id: int) -> str:
    """Claim an import and take it as far as it goes; returns what became of it, for the log."""
    with unit_of_work() as session:
        claimed = CLAIMS.claim(session, import_id)
        if claimed is not None:
            _begin(session, claimed)
    if claimed is None or claimed.state == State.FAILED:
        return f"import {import_id}: nothing to do"
    try:
        return f"import {import_id}: {Run(claimed).go()}"
    except Halt as halt:
        return f"import {import_id}: {_fail(claimed, str(halt))}"
    except Lost:
        return f"import {import_id}: cancelled or taken over"


def _begin(session: Session, claimed: TaskImport) -> None:
    """Move it out of the queue; a check that was interrupted begins anew."""
    if claimed.attempts > MAX_ATTEMPTS:
        reason = f"It was interrupted {MAX_ATTEMPTS} times without getting on."
        service.finish(session, claimed, State.FAILED, reason, actor_id=claimed.user_id)
        return
    before = events.as_json(claimed)
    if claimed.state == State.WAITING:
        begins = State.IMPORTING if claimed.mode == Mode.VALID else State.CHECKING
        claimed.state = begins.value
    if claimed.state == State.CHECKING:
        session.execute(delete(ImportFault).where(ImportFault.import_id == claimed.id))
        claimed.checked = claimed.failed = 0
    if before["state"] != claimed.state:
        events.record_change(claimed, before, actor_id=claimed.user_id)


def _fail(claimed: TaskImport, reason: str) -> str:
    with unit_of_work() as session:
        found = CLAIMS.hold(session, claimed.id, claimed.run)
        if found.mode == Mode.ALL:
            found.imported = 0
        service.finish(session, found, State.FAILED, reason, actor_id=found.user_id)
    return f"failed: {reason}"


class Run:
    """One worker's turn at an import. Raises Halt, and Lost as soon as the turn is over."""

    def __init__(self, claimed: TaskImport) -> None:
        self._id, self._run = claimed.id, claimed.run
        self._mode, self._state = Mode(claimed.mode), State(claimed.state)
        self._total, self._board_id = claimed.rows, claimed.board_id
        self._next = claimed.next_record
        with snapshot() as session:
            self._actor = _actor(session, claimed.user_id)
            file = session.get(ImportFile, claimed.id)
            if file is None:
                raise Lost
            _check_board(session, claimed.board_id, self._actor)
        self._file = TaskFile(file.content)

    def go(self) -> str:
        """Check, import, or both; returns what became of it."""
        if self._state == State.CHECKING:
            ended = self._check()
            if ended:
                return ended
        return self._import_all() if self._mode == Mode.ALL else self._import_valid()

    def _check(self) -> str | None:
        """Look at every row and write nothing but what is wrong; None where the import follows."""
        checked = failed = 0
        with snapshot() as session:
            examiner = Examiner(session, self._actor, self._board_id)
            intake = Intake(session, self._actor, examiner.boards(self._file.boards()), lock=False)
            for rows in chunks(self._file):
                found = examiner.examine(rows, intake)
                checked, failed = checked + found.total, failed + found.failed
                self._keep(found, checked=checked, failed=failed)
        if self._mode == Mode.ALL and failed:
            raise Halt(f"{failed} of {checked} rows have errors; nothing was imported.")
        return self._checked()

    def _checked(self) -> str | None:
        with unit_of_work() as session:
            found = CLAIMS.hold(session, self._id, self._run)
            if self._mode == Mode.CHECK:
                service.finish(session, found, State.CHECKED, None, actor_id=self._actor.id)
                return "checked"
            before = events.as_json(found)
            found.state = State.IMPORTING.value
            events.record_change(found, before, actor_id=found.user_id)
        return None

    def _keep(self, found: Examined, **progress: int) -> None:
        with unit_of_work() as session:
            CLAIMS.note(session, self._id, self._run, **progress)
            _add_faults(session, self._id, found)

    def _import_all(self) -> str:
        """All rows in one transaction. Whoever looks is told of the progress by another."""
        imported = 0
        with unit_of_work() as session:
            examiner = Examiner(session, self._actor, self._board_id)
            intake = Intake(session, self._actor, examiner.boards(self._file.boards()), lock=True)
            for rows in chunks(self._file):
                found = examiner.examine(rows, intake)
                if found.faults:
                    raise Halt(_changed(found.faults[0]))
                intake.create(found.good)
                imported += found.total
                with beside() as apart:
                    CLAIMS.note(apart, self._id, self._run, imported=imported)
            row = CLAIMS.hold(session, self._id, self._run)
            service.finish(session, row, State.DONE, None, actor_id=self._actor.id)
        return f"{imported} tasks imported"

    def _import_valid(self) -> str:
        """Chunk by chunk: each moves the mark in the transaction that imports what is before it."""
        started, rest = time.monotonic(), chunks(self._file, self._next)
        # At least one chunk in every turn, or a slow one would never end.
        for rows in rest:
            self._import_chunk(rows)
            if time.monotonic() - started > SLICE_SECONDS:
                break
        if next(rest, None):
            return self._pause()
        with unit_of_work() as session:
            found = CLAIMS.hold(session, self._id, self._run)
            service.finish(session, found, State.DONE, None, actor_id=self._actor.id)
            return f"{found.imported} tasks imported, {found.failed} rows refused"

    def _import_chunk(self, rows: Sequence[Any]) -> None:
        with unit_of_work() as session:
            mark = CLAIMS.hold(session, self._id, self._run)
            examiner = Examiner(session, self._actor, self._board_id)
            named = {row.cells["board"] for row in rows if "board" in row.cells}
            intake = Intake(session, self._actor, examiner.boards(named), lock=True)
            found = examiner.examine(rows, intake)
            intake.create(found.good)
            _add_faults(session, self._id, found)
            CLAIMS.note(
                session,
                self._id,
                self._run,
                next_record=found.last + 1,
                checked=mark.checked + found.total,
                imported=mark.imported + len(found.good),
                failed=mark.failed + found.failed,
            )

    def _pause(self) -> str:
        with unit_of_work() as session:
            CLAIMS.let_go(session, self._id, self._run)
        return "goes on"


def _actor(session: Session, user_id: int) -> Actor:
    user = find_user(session, user_id)
    if user is None or not user.is_active:
        raise Halt("The account that handed the file in is disabled.")
    return Actor.of(user)


def _check_board(session: Session, board_id: int | None, actor: Actor) -> None:
    """Raise Halt where the rows that name no board cannot be imported any more."""
    if board_id is None:
        return
    try:
        read_edit(session, {"board": board_id}, actor)
    except ServiceError as error:
        raise Halt(f"Board {board_id}, for rows that name none: {error.detail}") from None


def _add_faults(session: Session, import_id: int, found: Examined) -> None:
    if found.faults:
        rows = [{"import_id": import_id, **fault} for fault in found.faults]
        session.execute(insert(ImportFault), rows)


def _changed(fault: Any) -> str:
    where = f"row {fault['row']}, {fault['column'] or 'as a whole'}"
    return f"Something changed since the check: {where}: {fault['message']}. Nothing was imported."
