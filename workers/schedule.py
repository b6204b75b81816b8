"""The beat table: every job that runs by the clock. Times are in the service's time zone."""

from datetime import datetime, timedelta
from typing import Any

from celery.schedules import crontab

PATIENCE = timedelta(hours=1)


class OnTime(crontab):
    """A time that is skipped where beat was down then, instead of being caught up with.

    A reminder that comes in the evening helps nobody, while most jobs are better late than never.
    """

    def is_due(self, last_run_at: datetime) -> Any:
        """Whether to run now and when to ask again; a moment longer ago than PATIENCE is over."""
        earliest = self.now() - PATIENCE
        return super().is_due(max(self.maybe_make_aware(last_run_at), earliest))


SCHEDULE = {
    "carry_on_imports": {"task": "imports.carry_on", "schedule": crontab()},
    "check_sla": {"task": "tasks.check_sla", "schedule": crontab(minute=0)},
    "expire_reports": {"task": "reports.expire", "schedule": crontab(minute=20)},
    "flush_rate_limit_records": {
        "task": "ratelimits.flush_records",
        "schedule": crontab(minute="*/5"),
    },
    "purge_audit_logs": {
        "task": "audit.purge_logs",
        "schedule": crontab(hour=3, minute=30),
    },
    "purge_expired_sessions": {
        "task": "auth.purge_expired_sessions",
        "schedule": crontab(hour=3, minute=0),
    },
    "purge_notifications": {
        "task": "notifications.purge",
        "schedule": crontab(hour=3, minute=45),
    },
    "send_notifications_at_10_am": {
        "task": "tasks.remind_of_due_soon",
        "schedule": OnTime(hour=10, minute=0),
        # Nor does it wait longer than that for a worker.
        "options": {"expires": PATIENCE.total_seconds()},
    },
    "sync_task_logs": {"task": "task_logs.sync", "schedule": crontab(hour=0, minute=0)},
}
