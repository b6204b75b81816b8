"""Which job delivers which channel, and on which queue."""

from app.core.jobs import LAMBDA, MAINTENANCE, NOTIFICATIONS, WEBHOOKS

EMAIL_CHANNEL = "email"
LAMBDA_CHANNEL = "lambda"
WEBHOOK_CHANNEL = "webhook"
AGAIN_CHANNEL = "again"
"""What is owed is to run a handler that failed when its event was relayed; `target` names it."""

JOBS_BY_CHANNEL = {
    EMAIL_CHANNEL: ("notifications.send_email", NOTIFICATIONS),
    LAMBDA_CHANNEL: ("notifications.invoke_lambda", LAMBDA),
    WEBHOOK_CHANNEL: ("webhooks.deliver", WEBHOOKS),
    AGAIN_CHANNEL: ("notifications.react_again", MAINTENANCE),
}
"""Channel → (name of the job, queue)."""
