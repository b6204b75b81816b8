"""Work that a worker takes for a while: one that dies over it loses it to another.

The row is the truth; the messages that tell a worker to look at it may be lost at any time. All
moments are the database's own, so the machines need not agree on the time.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, DateTime, Exists, String, and_, exists, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import unlocked
from app.core.models import BigIntId, Instant

LEASE = timedelta(seconds=60)
"""Longer than a worker is ever silent; it extends the lease with all that it achieves."""
RING_AGAIN = timedelta(seconds=15)
"""A doorbell that was not answered by then is taken for lost."""
MAX_RUNG = 200


class Lost(Exception):
    """The work was cancelled, or another worker has taken it over."""


class Claimable:
    """The columns of a table of such work.

    `run` rises with every claim, so that a worker whose lease ran out can tell that it has no say
    any more; `attempts` counts the claims since anything was achieved. `ring_at` is when the
    workers are told of it next.
    """

    id: Mapped[BigIntId]
    state: Mapped[str] = mapped_column(String(16))
    run: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ring_at: Mapped[Instant] = mapped_column(server_default=func.now())


Work = TypeVar("Work", bound=Claimable)


class Claims(Generic[Work]):
    """Claims on the rows of one table; in the states `active` a worker is, or should be, at it."""

    def __init__(self, model: type[Work], active: Collection[str]) -> None:
        self._model = model
        self._active = active

    def any_due(self) -> Exists:
        """Whether there is work for whose sake a worker should be rung, as a part of a query."""
        return exists().where(self._is_due())

    def take_due(self, session: Session, limit: int = MAX_RUNG) -> list[int]:
        """The ids of the work to ring for now; they are not returned again for RING_AGAIN."""
        due = select(self._model.id).where(self._is_due()).order_by(self._model.ring_at)
        ids = session.scalars(
            update(self._model)
            .where(self._model.id.in_(unlocked(due.limit(limit))))
            .values(ring_at=func.now() + RING_AGAIN)
            .returning(self._model.id)
            .execution_options(synchronize_session=False)
        )
        return sorted(ids)

    def claim(self, session: Session, work_id: int) -> Work | None:
        """Take work for LEASE; None where there is nothing to do or somebody is at it."""
        # A row that another worker is just writing is that worker's.
        free = select(self._model.id).where(self._model.id == work_id, self._is_free())
        return session.scalars(
            update(self._model)
            .where(self._model.id.in_(unlocked(free)))
            .values(run=self._model.run + 1, attempts=self._model.attempts + 1, **_leased())
            .returning(self._model)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one_or_none()

    def hold(self, session: Session, work_id: int, run: int) -> Work:
        """The work, locked until the end of the transaction. Raises Lost where `run` has no say."""
        found: Work | None = session.scalar(
            select(self._model)
            .where(self._is_ours(work_id, run))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise Lost
        return found

    def extend(self, session: Session, work_id: int, run: int) -> None:
        """Extend the lease of `run`, which is still at it but has achieved nothing. Raises Lost."""
        self._write(session, work_id, run, {})

    def note(self, session: Session, work_id: int, run: int, **progress: Any) -> None:
        """Write down how far `run` has come, and extend its lease. Raises Lost."""
        self._write(session, work_id, run, {"attempts": 0, **progress})

    def let_go(self, session: Session, work_id: int, run: int) -> None:
        """Make room for other work; a worker is rung for the rest at once. Raises Lost."""
        self.note(session, work_id, run)
        session.execute(
            update(self._model)
            .where(self._model.id == work_id)
            .values(lease_until=None, ring_at=func.now())
            .execution_options(synchronize_session=False)
        )

    def _write(self, session: Session, work_id: int, run: int, values: Mapping[str, Any]) -> None:
        written = session.scalar(
            update(self._model)
            .where(self._is_ours(work_id, run))
            .values(**_leased(), **values)
            .returning(self._model.id)
            .execution_options(synchronize_session=False)
        )
        if written is None:
            raise Lost

    def _is_free(self) -> ColumnElement[bool]:
        return and_(
            self._model.state.in_(self._active),
            func.coalesce(self._model.lease_until, func.now()) <= func.now(),
        )

    def _is_due(self) -> ColumnElement[bool]:
        return and_(self._model.state.in_(self._active), self._model.ring_at <= func.now())

    def _is_ours(self, work_id: int, run: int) -> ColumnElement[bool]:
        return and_(
            self._model.id == work_id,
            self._model.run == run,
            self._model.state.in_(self._active),
        )


def _leased() -> dict[str, Any]:
    return {"lease_until": func.now() + LEASE, "ring_at": func.now() + LEASE}
