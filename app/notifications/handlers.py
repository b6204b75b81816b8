"""Which deliveries an event owes."""

from collections.abc import Iterable

from app.core.events import DeliverTo, EventRecord
from app.notifications.channels import EMAIL_CHANNEL, LAMBDA_CHANNEL
from app.notifications.task_mail import LABELS
from app.tasks.events import TaskUpdated, became_breached, is_completion


def mail_assignee(record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to whoever has the task now; whether they want it is asked when it is sent.

    A card that only moved up or down says nothing to its assignee.
    """
    assignee = record.snapshot["assignee"]
    says_nothing = record.type == TaskUpdated.type and not LABELS.keys() & record.changes.keys()
    return [] if assignee is None or says_nothing else [DeliverTo(EMAIL_CHANNEL, str(assignee))]


def mail_sla_breach(record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to the assignee, or where there is none to the reporter, of what became overdue.

    Where the same event owes the assignee a mail already, that one says it.
    """
    if not became_breached(record):
        return []
    told = record.snapshot["assignee"] or record.snapshot["reporter"]
    return [DeliverTo(EMAIL_CHANNEL, str(told))]


def mail_mentioned(record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to each person whom the comment mentions and did not mention before."""
    before, _ = record.changes.get("mentions", ((), ()))
    named = set(record.snapshot["mentions"]) - set(before) - {record.actor_id}
    return [DeliverTo(EMAIL_CHANNEL, str(user_id)) for user_id in sorted(named)]


def invoke_lambda(record: EventRecord) -> Iterable[DeliverTo]:
    """One call for each time that a task is completed."""
    return [DeliverTo(LAMBDA_CHANNEL, "completion")] if is_completion(record) else []
