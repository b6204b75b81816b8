"""The jobs that deliver, each given the id of a delivery (the row says the rest), and a purge."""

from app.core.db import unit_of_work
from app.core.jobs import LAMBDA, MAINTENANCE, NOTIFICATIONS, job
from app.notifications import service
from app.notifications.retention import BATCH, KEPT_DAYS, purge_batch

# The lease of a delivery (60 s) must outlast every attempt: SMTP and AWS time out after 10 s each
# step, and the attempt as a whole is stopped here.
ATTEMPT_SECONDS = 45


@job("notifications.send_email", queue=NOTIFICATIONS, seconds=ATTEMPT_SECONDS)
def send_email(delivery_id: int) -> str:
    """Send one e-mail, if it is due and still wanted."""
    return service.attempt(delivery_id, service.send_email)


@job("notifications.invoke_lambda", queue=LAMBDA, seconds=ATTEMPT_SECONDS)
def invoke_lambda(delivery_id: int) -> str:
    """Call the Lambda once, if that is due."""
    return service.attempt(delivery_id, service.invoke_lambda)


@job("notifications.react_again", queue=MAINTENANCE, seconds=ATTEMPT_SECONDS)
def react_again(delivery_id: int) -> str:
    """Run a handler again that failed when its event was relayed."""
    return service.attempt(delivery_id, service.react_again)


@job("notifications.purge", queue=MAINTENANCE)
def purge_notifications() -> str:
    """Delete notifications that were read and are older than 90 days."""
    purged, deleted = 0, BATCH
    while deleted == BATCH:
        with unit_of_work() as session:
            deleted = purge_batch(session)
        purged += deleted
    return f"{purged} notifications older than {KEPT_DAYS} days deleted"
