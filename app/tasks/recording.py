"""Turning what was done to a task into one event."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from app.core import clock, events
from app.core.events import Changes
from app.tasks.events import TaskEvent, streams_of
from app.tasks.models import Task
from app.tasks.schemas import TaskSchema

_schema = TaskSchema()


class Change:
    """What happens to `task` inside the block becomes one event with a new version.

    Nothing is recorded where nothing is different afterwards. `differences` holds what was, as
    `{"field": [before, after]}`.
    """

    def __init__(self, task: Task, kind: type[TaskEvent], *, actor_id: int | None) -> None:
        self._task, self._kind, self._actor_id = task, kind, actor_id
        self._before: Mapping[str, Any] = {}
        self.differences: Changes = {}

    def __enter__(self) -> "Change":
        self._before = as_json(self._task)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        self.differences = events.differences(self._before, as_json(self._task))
        if self.differences:
            self._task.version += 1
            self._task.updated_at = clock.now()
            record(self._task, self._kind, self.differences, actor_id=self._actor_id)


def record(
    task: Task,
    kind: type[TaskEvent],
    changes: Changes,
    *,
    actor_id: int | None,
) -> None:
    """Note an event about `task` as it is now, for those who saw it before and who see it now."""
    snapshot = as_json(task)
    earlier = snapshot | {name: old for name, (old, _) in changes.items()}
    events.record(
        kind(
            entity_id=task.id,
            actor_id=actor_id,
            project_id=task.project_id,
            former_project_id=changes.get("project", (None, None))[0],
            streams=streams_of(snapshot) | streams_of(earlier),
            changes=changes,
            snapshot=snapshot,
            task_id=task.id,
            task_version=task.version,
        )
    )


def as_json(task: Task) -> dict[str, Any]:
    """`task` as the API prints it."""
    dumped: dict[str, Any] = _schema.dump(task)
    return dumped
