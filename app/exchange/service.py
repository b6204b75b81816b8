"""Handing in, starting and cancelling imports. Every function runs in the caller's unit of work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.boards.queries import get_board
from app.core import clock
from app.core.errors import Conflict, Forbidden, NotFound
from app.exchange import events
from app.exchange.models import (
    UNFINISHED,
    ImportFault,
    ImportFile,
    Mode,
    State,
    TaskImport,
)
from app.exchange.queries import get_import
from app.exchange.reading import TaskFile
from app.exchange.uploads import Upload
from app.users.actor import Actor
from app.users.models import User

MAX_UNFINISHED = 3
EXPIRY = timedelta(days=7)
"""A checked file that nobody imports is dropped after that."""


def create_import(
    session: Session, data: Mapping[str, Any], upload: Upload, *, actor: Actor
) -> TaskImport:
    """Keep a file to be checked or imported by the workers; `data` as ImportInputSchema loads it.

    Raises Invalid for a file that cannot be read, NotFound for a board that there is not, Conflict
    for one unfinished import too many.
    """
    rows = TaskFile(upload.content).count()
    if data["board"] is not None:
        _check_board(session, data["board"], actor)
    # One after the other, so that two at once cannot make one too many.
    session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    _check_quota(session, actor)
    found = TaskImport(
        user_id=actor.id,
        board_id=data["board"],
        file_name=upload.name,
        mode=data["mode"].value,
        rows=rows,
    )
    session.add(found)
    session.flush()  # The file and the event name the new id.
    session.add(ImportFile(import_id=found.id, content=upload.content))
    events.record_created(found)
    return found


def start_import(session: Session, import_id: int, mode: Mode, *, actor: Actor) -> TaskImport:
    """Import a checked file, in the name of whoever handed it in, who alone can start it.

    Raises NotFound, Forbidden, and Conflict in any other state than checked.
    """
    found = get_import(session, import_id, actor, lock=True)
    if found.user_id != actor.id:
        raise Forbidden("Only the person who handed the file in may import it.")
    if found.state != State.CHECKED:
        raise Conflict(
            f"The import is {found.state}; only one that is {State.CHECKED.value} can be started."
        )
    before = events.as_json(found)
    session.execute(delete(ImportFault).where(ImportFault.import_id == import_id))
    found.mode, found.state, found.finished_at = mode.value, State.WAITING.value, None
    found.checked = found.failed = found.attempts = 0
    found.next_record, found.ring_at, found.updated_at = 2, func.now(), clock.now()
    events.record_change(found, before, actor_id=actor.id)
    return found


def cancel_import(session: Session, import_id: int, *, actor: Actor) -> None:
    """Stop an import; what it has imported so far stays. Raises NotFound, Conflict once over."""
    found = get_import(session, import_id, actor, lock=True)
    if found.state == State.CANCELLED:
        return
    if found.state not in UNFINISHED:
        raise Conflict(f"The import is {found.state} already.")
    finish(session, found, State.CANCELLED, None, actor_id=actor.id)


def finish(
    session: Session,
    found: TaskImport,
    state: State,
    reason: str | None,
    *,
    actor_id: int | None,
) -> None:
    """Bring an import to rest; its file goes unless it can still be started."""
    before = events.as_json(found)
    found.state, found.reason, found.lease_until = state.value, reason, None
    found.finished_at = found.updated_at = clock.now()
    if state != State.CHECKED:
        session.execute(delete(ImportFile).where(ImportFile.import_id == found.id))
    events.record_change(found, before, actor_id=actor_id)


def expire_imports(session: Session) -> int:
    """Cancel checked imports that nobody started for EXPIRY; returns how many."""
    old = session.scalars(
        select(TaskImport)
        .where(TaskImport.state == State.CHECKED, TaskImport.updated_at < clock.now() - EXPIRY)
        .with_for_update(skip_locked=True)
    ).all()
    for found in old:
        reason = f"It was not started for {EXPIRY.days} days."
        finish(session, found, State.CANCELLED, reason, actor_id=None)
    return len(old)


def _check_board(session: Session, board_id: int, actor: Actor) -> None:
    try:
        get_board(session, board_id, actor)
    except NotFound:
        message = f"there is no board {board_id}"
        raise NotFound("There is no such board.", errors={"board": [message]}) from None


def _check_quota(session: Session, actor: Actor) -> None:
    unfinished = session.scalar(
        select(func.count())
        .select_from(TaskImport)
        .where(TaskImport.user_id == actor.id, TaskImport.state.in_(UNFINISHED))
    )
    if (unfinished or 0) >= MAX_UNFINISHED:
        raise Conflict(
            f"You have {MAX_UNFINISHED} unfinished imports; start, cancel or await them first."
        )
