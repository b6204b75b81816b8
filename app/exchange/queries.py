"""Reading imports."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import snapshot
from app.core.pagination import counted_page
from app.exchange.models import ImportFault, TaskImport
from app.users.actor import Actor
from app.users.owned import get_owned, list_owned

BATCH = 1000


def get_import(session: Session, import_id: int, actor: Actor, *, lock: bool = False) -> TaskImport:
    """One's own import; administrators see all. Raises NotFound."""
    return get_owned(session, TaskImport, import_id, actor, lock=lock)


def list_imports(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[TaskImport]]:
    """Count and page of one's own imports (for administrators: of all), newest first."""
    return list_owned(session, TaskImport, query, actor)


def list_faults(
    session: Session, found: TaskImport, query: Mapping[str, Any]
) -> tuple[int, Sequence[ImportFault]]:
    """Count and page of what is wrong with the rows, in their order."""
    faults = select(ImportFault).where(ImportFault.import_id == found.id)
    return counted_page(session, faults.order_by(ImportFault.id), query)


def all_faults(import_id: int) -> Iterator[ImportFault]:
    """Everything that is wrong with the rows, a batch in memory at a time."""
    last = 0
    while True:
        with snapshot() as session:
            faults = session.scalars(
                select(ImportFault)
                .where(ImportFault.import_id == import_id, ImportFault.id > last)
                .order_by(ImportFault.id)
                .limit(BATCH)
            ).all()
        yield from faults
        if len(faults) < BATCH:
            return
        last = faults[-1].id
