"""Which deliveries an event owes."""

from collections.abc import Iterable

from app.core.events import DeliverTo, EventRecord
from app.notifications.channels import EMAIL_CHANNEL, LAMBDA_CHANNEL
from app.tasks.events import is_completion


def mail_assignee(record: EventRecord) -> Iterable[DeliverTo]:
    """An e-mail to whoever has the task now; whether they want it is asked when it is sent."""
    assignee = record.snapshot["assignee"]
    return [] if assignee is None else [DeliverTo(EMAIL_CHANNEL, str(assignee))]


def invoke_lambda(record: EventRecord) -> Iterable[DeliverTo]:
    """One call for each time that a task is completed."""
    return [DeliverTo(LAMBDA_CHANNEL, "completion")] if is_completion(record) else []
