"""Reading the signs of life."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.pagination import counted_page
from app.processes.models import Heartbeat


def live_processes(session: Session) -> Sequence[Heartbeat]:
    """The processes that have been seen within ALIVE, by kind and name."""
    live = select(Heartbeat).where(Heartbeat.alive)
    return session.scalars(live.order_by(Heartbeat.kind, Heartbeat.name)).all()


def read_processes(session: Session, query: Mapping[str, Any]) -> tuple[int, Sequence[Heartbeat]]:
    """Count and page of all processes of the last day, the gone ones as well."""
    known = select(Heartbeat).order_by(Heartbeat.kind, Heartbeat.name)
    return counted_page(session, known, query)
