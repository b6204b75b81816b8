"""THE table of what runs by the clock. Beat, `flask jobs`, the API and docs/jobs.md come from it.

A new job is one line here; it is called as its function is. Times are in SERVICE_TIMEZONE.
"""

import enum
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from app.audit.jobs import purge_audit_logs
from app.auth.jobs import purge_expired_sessions
from app.exchange.jobs import carry_on_imports
from app.notifications.jobs import purge_notifications, send_daily_summary
from app.ratelimits.jobs import flush_rate_limit_records
from app.reports.expiry import expire_reports
from app.schedule.moments import Moments
from app.task_logs.jobs import sync_task_logs
from app.tasks.jobs import check_sla, send_notifications_at_10_am
from app.webhooks.jobs import purge_webhook_attempts

PATIENCE = timedelta(hours=1)
MOST_MADE_UP = 366


class Missed(enum.StrEnum):
    """What becomes of moments that passed while nobody was there to work."""

    EVERY = "every"
    """Each is made up for, in order, and the job is told which; at most MOST_MADE_UP of them."""
    LATEST = "latest"
    """The last one is made up for; it does the work of those before it."""
    ON_TIME = "on time"
    """None after PATIENCE: a reminder that comes in the evening helps nobody."""


class Entry(NamedTuple):
    """A job, its moments, and what to do about those that were missed.

    The job answers in words what it did. It may run twice for one moment without doing anything
    twice, and only with Missed.EVERY is it given the moment.
    """

    job: Callable[..., str]
    when: Moments
    missed: Missed

    def run(self, tick: datetime) -> str:
        """Do the work of the moment `tick`."""
        return self.job(tick) if self.missed is Missed.EVERY else self.job()

    @property
    def name(self) -> str:
        """The name of the job, by which beat, the runs and the operators know it."""
        return self.job.__name__

    @property
    def description(self) -> str:
        """What the job does, in a line."""
        return (self.job.__doc__ or "").partition("\n")[0]

    @property
    def cron(self) -> str:
        """When, as crontab(5) has it: minute, hour, day of the month, month, day of the week."""
        when = self.when
        fields = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return " ".join(str(getattr(when, f"_orig_{field}")) for field in fields)


EVERY, LATEST, ON_TIME = Missed

# fmt: off
TABLE = (
    Entry(carry_on_imports,            Moments(),                   LATEST),
    Entry(flush_rate_limit_records,    Moments(minute="*/5"),       LATEST),
    Entry(check_sla,                   Moments(minute=0),           LATEST),
    Entry(expire_reports,              Moments(minute=20),          LATEST),
    Entry(sync_task_logs,              Moments(hour=0, minute=0),   EVERY),
    Entry(purge_expired_sessions,      Moments(hour=3, minute=0),   LATEST),
    Entry(purge_webhook_attempts,      Moments(hour=3, minute=15),  LATEST),
    Entry(purge_audit_logs,            Moments(hour=3, minute=30),  LATEST),
    Entry(purge_notifications,         Moments(hour=3, minute=45),  LATEST),
    Entry(send_daily_summary,          Moments(hour=9, minute=0),   ON_TIME),
    Entry(send_notifications_at_10_am, Moments(hour=10, minute=0),  ON_TIME),
)
# fmt: on
BY_NAME = {entry.name: entry for entry in TABLE}
