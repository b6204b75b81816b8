"""What can happen to an import; whoever started it hears of it."""

from typing import Any, ClassVar

from app.core import events
from app.core.events import Event
from app.exchange.models import TaskImport
from app.exchange.schemas import ImportSchema
from app.users.owned import record_owned


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
    record_owned(ImportCreated, found, as_json(found), actor_id=found.user_id)


def record_change(found: TaskImport, before: dict[str, Any], *, actor_id: int | None) -> None:
    """Note what is different from `before`; `actor_id` is None for what time did."""
    after = as_json(found)
    changes = events.differences(before, after)
    if changes:
        record_owned(ImportUpdated, found, after, actor_id=actor_id, changes=changes)


def as_json(found: TaskImport) -> dict[str, Any]:
    """An import as the API prints it, without its progress."""
    dumped: dict[str, Any] = ImportSchema(exclude=("links",)).dump(found)
    return dumped
