"""The log as the database holds it, for being compared with what clients heard."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, text

from benchmarks.live.checks import Entry, Log

PATIENCE_SECONDS = 60.0

ENTRIES = """
SELECT e.position, s.kind || ':' || s.ref_id AS stream, n.seq, e.event_id::text AS event, e.type,
       e.entity, e.entity_id, 'project:' || e.project_id AS project,
       'project:' || (e.snapshot ->> 'project') AS place,
       'user:' || (e.snapshot ->> 'reporter') AS reporter,
       'user:' || (e.snapshot ->> 'assignee') AS assignee
FROM stream_entries n JOIN streams s ON s.id = n.stream_id JOIN events e ON e.id = n.event_id
WHERE e.position > :after
"""
MEMBERS = "SELECT user_id, 'project:' || project_id FROM project_members"
UNRELAYED = "SELECT count(*) FROM events WHERE position IS NULL"
HEAD = "SELECT coalesce(max(position), 0) FROM events"


def settled(engine: Engine) -> int:
    """Wait until the relay has seen every event; the position of the last. Raises TimeoutError."""
    ends = time.monotonic() + PATIENCE_SECONDS
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(text(UNRELAYED)).scalar_one():
            if time.monotonic() > ends:
                raise TimeoutError("The relay does not get through.")
            time.sleep(0.05)
        return int(connection.execute(text(HEAD)).scalar_one())


def members(connection: Connection) -> Mapping[int, frozenset[str]]:
    """The projects (streams) of each user now."""
    found: dict[int, set[str]] = {}
    for user, project in connection.execute(text(MEMBERS)):
        found.setdefault(user, set()).add(project)
    return {user: frozenset(projects) for user, projects in found.items()}


def log_after(connection: Connection, position: int, moments: Mapping[str, float]) -> Log:
    """What came after `position`; `moments` tells when each event was committed."""
    rows = connection.execute(text(ENTRIES), {"after": position})
    return Log(_entry(row, moments) for row in rows)


def _entry(row: Any, moments: Mapping[str, float]) -> Entry:
    return Entry(
        position=row.position,
        stream=row.stream,
        seq=row.seq,
        event=row.event,
        type=row.type,
        tells=_tells(row),
        at=moments[row.event],
        project=row.project or "",
        person=row.entity_id if row.entity == "member" else 0,
    )


def _tells(row: Any) -> bool:
    """Whether the readers of the stream saw the task after the event."""
    if row.entity != "task":
        return True
    if row.type == "task.deleted":
        return False
    return row.stream in ({row.place} if row.place else {row.reporter, row.assignee})
