"""Reading the signs of life."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.pagination import numbered
from app.processes.models import Heartbeat


def live_processes(session: Session) -> Sequence[Heartbeat]:
    """The processes that have been seen within ALIVE, by kind and name."""
    live = select(Heartbeat).where(Heartbeat.alive)
    return session.scalars(live.order_by(Heartbeat.kind, Heartbeat.name)).all()


def read_processes(session: Session, query: Mapping[str, Any]) -> tuple[int, Sequence[Heartbeat]]:
    """Count and page of all processes of the last day, the gone ones as well."""
    count = session.scalar(select(func.count()).select_from(Heartbeat)) or 0
    known = select(Heartbeat).order_by(Heartbeat.kind, Heartbeat.name)
    return count, session.scalars(numbered(known, query)).all()
