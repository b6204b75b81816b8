"""Forgetting what is old, in transactions so short that nobody has to wait for one."""

from collections.abc import Callable, Sequence

from sqlalchemy import Select, delete
from sqlalchemy.orm import Session

from app.core.db import unit_of_work
from app.core.models import Base

BATCH = 1000

Forget = Callable[[Session, Sequence[int]], None]
"""Deletes the rows with these ids, and all that hangs on them."""


def purge(old: Select[int], forget: Forget) -> int:
    """Have everything that `old`, a query for ids, finds forgotten, BATCH at a time; how many.

    Two at once take different rows, and what somebody else has locked is left for the next time.
    """
    purged, batch = 0, old.limit(BATCH).with_for_update(skip_locked=True)
    while True:
        with unit_of_work() as session:
            ids = session.scalars(batch).all()
            forget(session, ids)
        purged += len(ids)
        if len(ids) < BATCH:
            return purged


def rows_of(model: type[Base]) -> Forget:
    """Deletes rows of one table, on which nothing hangs."""

    def forget(session: Session, ids: Sequence[int]) -> None:
        session.execute(delete(model).where(model.__table__.c.id.in_(ids)))

    return forget
