"""Which job delivers which channel, and on which queue."""

from app.core.jobs import LAMBDA, NOTIFICATIONS

EMAIL_CHANNEL = "email"
LAMBDA_CHANNEL = "lambda"

JOBS_BY_CHANNEL = {
    EMAIL_CHANNEL: ("notifications.send_email", NOTIFICATIONS),
    LAMBDA_CHANNEL: ("notifications.invoke_lambda", LAMBDA),
}
"""Channel → (name of the job, queue)."""
