"""Who is at an import: workers take it for a while, and one that dies loses it to another.

The row is the truth; the messages that tell a worker to look at it may be lost at any time. All
moments are the database's own, so the machines need not agree on the time.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from app.exchange.models import ACTIVE, TaskImport

LEASE = timedelta(seconds=60)
"""Longer than a worker is ever silent; it extends the lease with all that it achieves."""
RING_AGAIN = timedelta(seconds=15)
"""A doorbell that was not answered by then is taken for lost."""


class Lost(Exception):
    """The import was cancelled, or another worker has taken it over."""


def has_due(session: Session) -> bool:
    """Whether there is an import for whose sake a worker should be rung."""
    return session.scalar(select(TaskImport.id).where(_is_due()).limit(1)) is not None


def take_due(session: Session) -> list[int]:
    """The ids of the imports to ring for now; they are not returned again for RING_AGAIN."""
    due = select(TaskImport.id).where(_is_due()).with_for_update(skip_locked=True)
    ids = session.scalars(
        update(TaskImport)
        .where(TaskImport.id.in_(due))
        .values(ring_at=func.now() + RING_AGAIN)
        .returning(TaskImport.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(ids)


def claim(session: Session, import_id: int) -> TaskImport | None:
    """Take an import for LEASE; None where there is nothing to do or somebody is at it."""
    # A row that another worker is just writing is that worker's.
    free = select(TaskImport.id).where(TaskImport.id == import_id, _is_free())
    return session.scalars(
        update(TaskImport)
        .where(TaskImport.id.in_(free.with_for_update(skip_locked=True)))
        .values(run=TaskImport.run + 1, attempts=TaskImport.attempts + 1, **_leased())
        .returning(TaskImport)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def hold(session: Session, import_id: int, run: int) -> TaskImport:
    """The import, locked until the end of the transaction. Raises Lost where `run` has no say."""
    found: TaskImport | None = session.scalar(
        select(TaskImport)
        .where(_is_ours(import_id, run))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise Lost
    return found


def note(session: Session, import_id: int, run: int, **progress: Any) -> None:
    """Write down how far `run` has come, and extend its lease. Raises Lost."""
    noted = session.scalar(
        update(TaskImport)
        .where(_is_ours(import_id, run))
        .values(attempts=0, **_leased(), **progress)
        .returning(TaskImport.id)
        .execution_options(synchronize_session=False)
    )
    if noted is None:
        raise Lost


def let_go(session: Session, import_id: int, run: int) -> None:
    """Make room for other work; a worker is rung for the rest at once. Raises Lost."""
    note(session, import_id, run)
    session.execute(
        update(TaskImport)
        .where(TaskImport.id == import_id)
        .values(lease_until=None, ring_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _leased() -> dict[str, Any]:
    return {"lease_until": func.now() + LEASE, "ring_at": func.now() + LEASE}


def _is_free() -> ColumnElement[bool]:
    return and_(
        TaskImport.state.in_(ACTIVE),
        func.coalesce(TaskImport.lease_until, func.now()) <= func.now(),
    )


def _is_due() -> ColumnElement[bool]:
    return and_(TaskImport.state.in_(ACTIVE), TaskImport.ring_at <= func.now())


def _is_ours(import_id: int, run: int) -> ColumnElement[bool]:
    return and_(TaskImport.id == import_id, TaskImport.run == run, TaskImport.state.in_(ACTIVE))
