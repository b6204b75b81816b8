"""Keeps the counters true, in the same transaction as the change."""

from collections import Counter

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core.events import StreamName, Written
from app.reports.models import TaskCount
from app.tasks.events import after, before, streams_of

Key = tuple[int, int, int, str, str]
"""Stream, reporter, assignee (0 for none), status, priority."""


def count_task(session: Session, written: Written) -> None:
    """Take the task out of where it was counted and count it where it is now."""
    deltas: Counter[Key] = Counter()
    for side, step in ((before(written.record), -1), (after(written.record), +1)):
        if side is None:
            continue
        combination = (side["reporter"], side["assignee"] or 0, side["status"], side["priority"])
        for name in streams_of(side):
            deltas[written.streams[name], *combination] += step
    _apply(session, {key: delta for key, delta in deltas.items() if delta})


def forget_counts(session: Session, written: Written) -> None:
    """A deleted project has no tasks."""
    stream_id = written.streams[StreamName.of_project(written.record.entity_id)]
    session.execute(delete(TaskCount).where(TaskCount.stream_id == stream_id))


def _apply(session: Session, deltas: dict[Key, int]) -> None:
    if not deltas:
        return
    columns = ("stream_id", "reporter_id", "assignee_id", "status", "priority")
    rows = [
        dict(zip(columns, key, strict=True)) | {"tasks": delta}
        for key, delta in sorted(deltas.items())
    ]
    statement = upsert(TaskCount).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=columns, set_={"tasks": TaskCount.tasks + statement.excluded.tasks}
        )
    )
