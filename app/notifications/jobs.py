"""The jobs that deliver, each given the id of a row that says everything else; two by the clock."""

from zoneinfo import ZoneInfo

from app.config import current_settings
from app.core import clock
from app.core.db import unit_of_work
from app.core.jobs import LAMBDA, MAINTENANCE, NOTIFICATIONS, job
from app.core.purging import purge, rows_of
from app.notifications import folding, mailing, service, summary
from app.notifications.models import Notification
from app.notifications.retention import KEPT_DAYS, old_notifications
from app.tasks.due import day_bounds

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


def send_daily_summary() -> str:
    """Mail everyone who has something to do what is due and what was done, once a day."""
    zone = ZoneInfo(current_settings().SERVICE_TIMEZONE)
    since, _ = day_bounds(clock.now().astimezone(zone).date(), zone)
    told = 0
    after: int | None = 0
    while after is not None:
        with unit_of_work() as session:
            recorded, after = summary.summarise_batch(session, since=since, after=after)
        told += recorded
    return f"{told} daily summaries"


def purge_notifications() -> str:
    """Delete notifications that were read and are older than 90 days."""
    purged = purge(old_notifications(), rows_of(Notification))
    return f"{purged} notifications older than {KEPT_DAYS} days deleted"
