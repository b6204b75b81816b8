"""The unit of work, the only place that commits; snapshots; rows that nobody else has locked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core import events
from app.core.cache import invalidation_failed
from app.core.hints import NEW_EVENTS, hint
from app.extensions import db


class _DryRun(Exception):
    """The end of a unit of work that was not meant to be kept."""


@contextmanager
def unit_of_work(*, dry_run: bool = False) -> Iterator[Session]:
    """One transaction: everything inside is committed together with its events, or not at all.

    With `dry_run` it is rolled back in any case, once the database has accepted the rows.

    After the commit, and only then, the reactions that the writer itself must see done (cache
    invalidation) run; all other effects are the relay's, which is given a hint. Units do not nest:
    the outer one owns the commit, and an inner one would commit half of its work.
    """
    session = db.session()
    _enter(session)
    try:
        yield session
        if dry_run:
            session.flush()
            raise _DryRun
        written = events.write_recorded(session)
        session.commit()
    except _DryRun:
        session.rollback()
        events.forget_recorded(session)
        written = []
    except BaseException:
        session.rollback()
        events.forget_recorded(session)
        raise
    finally:
        session.info.pop("in_unit_of_work", None)
    if written:
        _follow_up(written)


def _enter(session: Session) -> None:
    if session.info.get("in_unit_of_work"):
        raise RuntimeError("unit_of_work() does not nest; open it in the route, job or handler.")
    session.info["in_unit_of_work"] = True


def _follow_up(written: Sequence[events.EventRecord]) -> None:
    events.react_after_commit(written)
    # A Redis that did not answer just now is not waited for a second time.
    if not invalidation_failed():
        hint(NEW_EVENTS)


@contextmanager
def snapshot() -> Iterator[Session]:
    """A read-only transaction in which every query sees the same moment (REPEATABLE READ)."""
    session = Session(db.engine, expire_on_commit=False)
    session.connection(
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    )
    with session:
        yield session


@contextmanager
def beside() -> Iterator[Session]:
    """A short transaction of its own while a unit of work is open: for signs of life only.

    It is kept whatever becomes of the unit, and must not wait for rows that the unit has locked.
    """
    with Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


def unlocked(ids: Select[int]) -> Select[int]:
    """Those of `ids` that nobody else has locked, locked, for `IN` of a statement that writes.

    As a common table expression they are looked for once. A mere subquery may be run anew for each
    row that it is compared with, and with a limit finds others every time.
    """
    return select(ids.with_for_update(skip_locked=True).cte())
