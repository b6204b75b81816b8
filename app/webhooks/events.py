"""What can happen to an endpoint; those whose endpoint it is hear of it."""

from typing import Any, ClassVar

from app.core.events import Changes, Event, StreamName
from app.webhooks.models import WebhookEndpoint
from app.webhooks.schemas import WebhookSchema

_schema = WebhookSchema(exclude=("failing_since", "failures", "retry_at"))


class WebhookEvent(Event):
    """A change of one endpoint; `snapshot` is the endpoint, never a secret."""

    entity: ClassVar[str] = "webhook"


class WebhookCreated(WebhookEvent):
    """An endpoint came into being."""

    type: ClassVar[str] = "webhook.created"


class WebhookUpdated(WebhookEvent):
    """An endpoint was changed, switched on or off."""

    type: ClassVar[str] = "webhook.updated"


class WebhookSecretRotated(WebhookEvent):
    """An endpoint got a new secret."""

    type: ClassVar[str] = "webhook.secret_rotated"


class WebhookDisabled(WebhookEvent):
    """An endpoint was switched off because it failed for too long, or said that it is gone."""

    type: ClassVar[str] = "webhook.disabled"


class WebhookDeleted(WebhookEvent):
    """An endpoint was deleted."""

    type: ClassVar[str] = "webhook.deleted"


class WebhookPinged(WebhookEvent):
    """Somebody asked for a message to see whether it arrives; it enters no stream."""

    type: ClassVar[str] = "webhook.ping"


def about(
    endpoint: WebhookEndpoint,
    kind: type[WebhookEvent],
    *,
    actor_id: int | None,
    changes: Changes | None = None,
) -> WebhookEvent:
    """An event of `kind` about `endpoint`."""
    streams: set[StreamName] = set() if kind is WebhookPinged else {endpoint.stream}
    return kind(
        entity_id=endpoint.id,
        project_id=endpoint.project_id,
        actor_id=actor_id,
        streams=frozenset(streams),
        changes=changes or {},
        snapshot=as_json(endpoint),
    )


def as_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """`endpoint` as the API prints it, without how its deliveries are doing."""
    dumped: dict[str, Any] = _schema.dump(endpoint)
    return dumped
