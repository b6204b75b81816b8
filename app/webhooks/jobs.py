"""The jobs that call endpoints and that forget old attempts."""

from datetime import timedelta

from sqlalchemy import func, select

from app.core.jobs import WEBHOOKS, job
from app.core.purging import purge, rows_of
from app.webhooks import delivering
from app.webhooks.models import WebhookAttempt

# The lease of a delivery (60 s) must outlast every attempt; the client gives up after 10 s.
ATTEMPT_SECONDS = 45
LOG_KEPT_FOR = timedelta(days=30)


@job("webhooks.deliver", queue=WEBHOOKS, seconds=ATTEMPT_SECONDS)
def deliver(delivery_id: int) -> str:
    """Call an endpoint once, if that is due and still wanted."""
    return delivering.attempt(delivery_id)


def purge_webhook_attempts() -> str:
    """Forget what was sent to webhooks more than 30 days ago."""
    old = select(WebhookAttempt.id).where(WebhookAttempt.at < func.now() - LOG_KEPT_FOR)
    purged = purge(old, rows_of(WebhookAttempt))
    return f"{purged} attempts older than {LOG_KEPT_FOR.days} days deleted"
