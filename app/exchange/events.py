"""What can happen to an import; whoever started it hears of it."""

from typing import Any, ClassVar

from app.core import events
from app.core.events import Event, StreamName
from app.exchange.models import TaskImport
from app.exchange.schemas import ImportSchema


class ImportEvent(Event):
    """A change of one import; `snapshot` is the import as the API prints it."""

    entity: ClassVar[str] = "import"


class ImportCreated(ImportEvent):
    """A file was handed in."""

    type: ClassVar[str] = "import.created"


class ImportUpdated(ImportEvent):
    """An import was started, cancelled, or came to an end."""

    type: ClassVar[str] = "import.updated"


def record_created(found: TaskImport) -> None:
    """Note that an import came into being."""
    _record(found, ImportCreated, {}, actor_id=found.user_id)


def record_change(found: TaskImport, before: dict[str, Any], *, actor_id: int | None) -> None:
    """Note what is different from `before`; `actor_id` is None for what time did."""
    changes = events.differences(before, as_json(found))
    if changes:
        _record(found, ImportUpdated, changes, actor_id=actor_id)


def as_json(found: TaskImport) -> dict[str, Any]:
    """An import as the API prints it, without its progress."""
    dumped: dict[str, Any] = ImportSchema(exclude=("links",)).dump(found)
    return dumped


def _record(
    found: TaskImport, kind: type[ImportEvent], changes: events.Changes, *, actor_id: int | None
) -> None:
    events.record(
        kind(
            entity_id=found.id,
            actor_id=actor_id,
            streams=frozenset({StreamName.of_user(found.user_id)}),
            changes=changes,
            snapshot=as_json(found),
        )
    )
