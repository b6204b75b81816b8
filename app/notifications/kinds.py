"""THE table of what people are told: each kind with its words and the channels it goes by."""

import enum
from typing import NamedTuple

from app.notifications.channels import EMAIL_CHANNEL


class Kind(enum.StrEnum):
    """What somebody is told. Where one event would tell a person two things, the earlier wins."""

    MENTIONED = "mentioned"
    ASSIGNED = "assigned"
    SLA_BREACHED = "sla_breached"
    DUE_SOON = "due_soon"
    PROJECT_INVITATION = "project_invitation"
    COMMENTED = "commented"
    CHANGED = "changed"
    DAILY_SUMMARY = "daily_summary"
    WEBHOOK_DISABLED = "webhook_disabled"
    TEST = "test"


class Channel(enum.StrEnum):
    """By which way somebody is told."""

    EMAIL = EMAIL_CHANNEL
    INBOX = "inbox"
    WEBHOOK = "webhook"


class Described(NamedTuple):
    """A kind in words, and the channels by which it goes, each of which a person may switch off.

    What has none goes by all of them, and cannot be switched off.
    """

    label: str
    description: str
    channels: tuple[Channel, ...] = tuple(Channel)


KINDS: dict[Kind, Described] = {
    Kind.MENTIONED: Described("Mentioned", "A comment names you with @ for the first time."),
    Kind.ASSIGNED: Described("Assigned", "Somebody gave you a task."),
    Kind.SLA_BREACHED: Described(
        "Overdue", "A task of yours, or one you reported that nobody has, passed its due date."
    ),
    Kind.DUE_SOON: Described("Due soon", "A task of yours is due within a day."),
    Kind.PROJECT_INVITATION: Described("Added to a project", "Somebody made you a member."),
    Kind.COMMENTED: Described(
        "Commented", "Somebody commented on a task that is yours or that you commented on."
    ),
    Kind.CHANGED: Described("Changed", "Somebody changed a task that you have or reported."),
    Kind.DAILY_SUMMARY: Described(
        "Daily summary", "What was done, and what is due, once a day.", (Channel.EMAIL,)
    ),
    Kind.WEBHOOK_DISABLED: Described(
        "Webhook disabled", "A webhook of yours failed for so long that it was switched off.", ()
    ),
    Kind.TEST: Described("Test", "You asked for a message to see whether it arrives.", ()),
}
"""In the order of the preferences; a kind without channels cannot be switched off."""

STRENGTH = {kind: -place for place, kind in enumerate(Kind)}
"""The greater wins where one event would tell a person two things."""
