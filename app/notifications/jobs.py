"""The jobs that deliver. Each is given the id of a delivery; the row says everything else."""

from app.core.jobs import LAMBDA, MAINTENANCE, NOTIFICATIONS, job
from app.notifications import folding, mailing, service

# The lease of a delivery (60 s) must outlast every attempt: SMTP and AWS time out after 10 s each
# step, and the attempt as a whole is stopped here.
ATTEMPT_SECONDS = 45


@job("notifications.send_email", queue=NOTIFICATIONS, seconds=ATTEMPT_SECONDS)
def send_email(delivery_id: int) -> str:
    """Send one e-mail, if it is due and still wanted."""
    return service.attempt(delivery_id, mailing.send_email, folding.claim)


@job("notifications.invoke_lambda", queue=LAMBDA, seconds=ATTEMPT_SECONDS)
def invoke_lambda(delivery_id: int) -> str:
    """Call the Lambda once, if that is due."""
    return service.attempt(delivery_id, service.invoke_lambda)


@job("notifications.react_again", queue=MAINTENANCE, seconds=ATTEMPT_SECONDS)
def react_again(delivery_id: int) -> str:
    """Run a handler again that failed when its event was relayed."""
    return service.attempt(delivery_id, service.react_again)
