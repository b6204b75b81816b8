"""Which deliveries an event owes."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.comments.events import newly_mentioned
from app.core.events import DeliverTo, EventRecord
from app.notifications.channels import EMAIL_CHANNEL, LAMBDA_CHANNEL
from app.notifications.mails.wording import LABELS
from app.tasks.events import TaskUpdated, is_breach, is_completion


def mail_assignee(_: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to whoever has the task now; whether they want it is asked when it is sent.

    A card that only moved up or down its column says nothing to its assignee.
    """
    assignee = record.snapshot["assignee"]
    says_nothing = record.type == TaskUpdated.type and not LABELS.keys() & record.changes.keys()
    return [] if assignee is None or says_nothing else [DeliverTo(EMAIL_CHANNEL, str(assignee))]


def mail_sla_breach(_: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to whoever has a task that became overdue, or to its reporter.

    Where the same event owes the assignee a mail anyway, that one tells of it: an event owes
    nobody two.
    """
    if not is_breach(record):
        return []
    person = record.snapshot["assignee"] or record.snapshot["reporter"]
    return [DeliverTo(EMAIL_CHANNEL, str(person))]


def mail_mentioned(_: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to everyone whom a comment mentions for the first time."""
    return [DeliverTo(EMAIL_CHANNEL, str(user)) for user in newly_mentioned(record)]


def invoke_lambda(_: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """One call for each time that a task is completed."""
    return [DeliverTo(LAMBDA_CHANNEL, "completion")] if is_completion(record) else []
