"""Work that one user has asked for: only he or she hears of it, and administrators see it too."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import events
from app.core.claims import Claimable
from app.core.errors import NotFound
from app.core.events import Changes, Event, StreamName
from app.core.models import BigInt
from app.core.pagination import counted_page
from app.users.actor import Actor


class OwnedWork(Claimable):
    """The columns of a table of such work, and what people call it."""

    called: ClassVar[str]

    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))


Work = TypeVar("Work", bound=OwnedWork)


def get_owned(
    session: Session, model: type[Work], work_id: int, actor: Actor, *, lock: bool
) -> Work:
    """One's own piece of work; administrators see all. Raises NotFound."""
    found = session.get(model, work_id, with_for_update=lock or None)
    if found is None or (found.user_id != actor.id and not actor.is_admin):
        raise NotFound(f"There is no such {model.called}.")
    return found


def list_owned(
    session: Session, model: type[Work], query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[Work]]:
    """Count and page of one's own work (for administrators: of all), newest first."""
    seen = select(model)
    if not actor.is_admin:
        seen = seen.where(model.user_id == actor.id)
    return counted_page(session, seen.order_by(model.id.desc()), query)


def record_owned(
    kind: type[Event],
    found: OwnedWork,
    snapshot: Mapping[str, Any],
    *,
    actor_id: int | None,
    changes: Changes | None = None,
) -> None:
    """Note what happened to a piece of work, in the stream of its owner."""
    events.record(
        kind(
            entity_id=found.id,
            actor_id=actor_id,
            streams=frozenset({StreamName.of_user(found.user_id)}),
            changes=changes or {},
            snapshot=snapshot,
        )
    )
