"""Keeps the counters true, in the same transaction as the change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core.events import StreamName, Written
from app.reports.models import TaskCount
from app.tasks.events import after, before, streams_of

Key = tuple[int, int, int, str, str]
"""Stream, reporter, assignee (0 for none), status, priority."""


def count_tasks(session: Session, written: Sequence[Written]) -> None:
    """Take the tasks out of where they were counted and count them where they are now."""
    deltas: Counter[Key] = Counter()
    for item in written:
        _count(deltas, item, before(item.record), -1)
        _count(deltas, item, after(item.record), +1)
    _apply(session, {key: delta for key, delta in deltas.items() if delta})


def forget_counts(session: Session, written: Sequence[Written]) -> None:
    """A deleted project has no tasks."""
    streams = [item.streams[StreamName.of_project(item.record.entity_id)] for item in written]
    session.execute(delete(TaskCount).where(TaskCount.stream_id.in_(streams)))


def _count(
    deltas: Counter[Key], written: Written, side: Mapping[str, Any] | None, step: int
) -> None:
    if side is None:
        return
    combination = (side["reporter"], side["assignee"] or 0, side["status"], side["priority"])
    for name in streams_of(side):
        deltas[written.streams[name], *combination] += step


def _apply(session: Session, deltas: dict[Key, int]) -> None:
    if not deltas:
        return
    columns = ("stream_id", "reporter_id", "assignee_id", "status", "priority")
    rows = [
        dict(zip(columns, key, strict=True)) | {"tasks": delta}
        for key, delta in sorted(deltas.items())
    ]
    statement = upsert(TaskCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=columns, set_={"tasks": TaskCount.tasks + statement.excluded.tasks}
        ),
        rows,
    )
