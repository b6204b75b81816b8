"""What users do to their notifications; each is told in the own stream, for the other tabs."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.core.events import Changes, Event, StreamName


class NotificationRead(Event):
    """Notifications were marked read or unread; `snapshot` says which, and how many are not.

    It holds `read`, and either `ids` or `up_to`: the newest of all that were marked together.
    """

    entity: ClassVar[str] = "notification"
    type: ClassVar[str] = "notification.read"


class PreferencesUpdated(Event):
    """A user wants to be told other things, or by other channels; `entity_id` is the user."""

    entity: ClassVar[str] = "preferences"
    type: ClassVar[str] = "preferences.updated"


class SummaryDue(Event):
    """A user is to be told of the day by mail; `snapshot` is what there was to tell.

    It enters no stream: the audit log holds it, and a mail follows from it.
    """

    entity: ClassVar[str] = "summary"
    type: ClassVar[str] = "summary.due"


class MailTestAsked(Event):
    """A user asked for a test mail; `entity_id` is the user. It enters no stream."""

    entity: ClassVar[str] = "notification"
    type: ClassVar[str] = "notification.test"


def about_reading(notification_id: int, user_id: int, marked: Mapping[str, Any]) -> Event:
    """That a user marked notifications; one of them stands for all."""
    return NotificationRead(
        entity_id=notification_id,
        actor_id=user_id,
        streams=frozenset({StreamName.of_user(user_id)}),
        changes={"read": [not marked["read"], marked["read"]]},
        snapshot=marked,
    )


def about_preferences(user_id: int, changes: Changes) -> Event:
    """That a user changed preferences."""
    return PreferencesUpdated(
        entity_id=user_id,
        actor_id=user_id,
        streams=frozenset({StreamName.of_user(user_id)}),
        changes=changes,
    )
