"""Writing the signs of life."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.processes.models import KEPT, Heartbeat


class Process(NamedTuple):
    """Who is alive: its kind, and where and since when it runs."""

    kind: str
    host: str
    pid: int
    started_at: datetime

    @property
    def name(self) -> str:
        """The same for one process all its life, and unlike that of every other one alive."""
        return f"{self.kind}@{self.host}:{self.pid}"


def note_alive(session: Session, process: Process, info: Mapping[str, Any]) -> None:
    """Write down that `process` is alive now, and forget those that have long been gone."""
    values = {"name": process.name, **process._asdict(), "info": info, "seen_at": func.now()}
    row = upsert(Heartbeat).values(values)
    # In a container that was started again, another process has the same name.
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
    session.execute(delete(Heartbeat).where(Heartbeat.seen_at < func.now() - KEPT))
