"""What operators do to deliveries; administrators read it in the audit log."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from app.core.events import ADMIN_STREAM, Event
from app.users.actor import Actor

DeliveryIds = Sequence[int]


class DeliveryEvent(Event):
    """One command of an operator, about one delivery or many; `entity_id` is the first of them."""

    entity: ClassVar[str] = "delivery"


class DeliveryRequeued(DeliveryEvent):
    """Deliveries are to be tried again."""

    type: ClassVar[str] = "delivery.requeued"


class DeliveryDropped(DeliveryEvent):
    """Deliveries were given up."""

    type: ClassVar[str] = "delivery.dropped"


def about_deliveries(
    kind: type[DeliveryEvent], ids: DeliveryIds, *, actor: Actor, told: Mapping[str, Any]
) -> DeliveryEvent:
    """An event of `kind`; `told` is what the operator asked for: a filter, a reason."""
    said = {"deliveries": list(ids), "operator": actor.username} | dict(told)
    return kind(
        entity_id=ids[0],
        # On the command line there is an operator, but no user.
        actor_id=actor.id or None,
        streams=frozenset({ADMIN_STREAM}),
        changes={name: [None, value] for name, value in said.items()},
    )
