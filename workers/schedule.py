"""The beat table: every job that runs by the clock. Times are in the service's time zone."""

from celery.schedules import crontab

SCHEDULE = {
    "carry_on_imports": {"task": "imports.carry_on", "schedule": crontab()},
    "check_sla": {"task": "tasks.check_sla", "schedule": crontab(minute=0)},
    "purge_audit_logs": {
        "task": "audit.purge_logs",
        "schedule": crontab(hour=3, minute=30),
    },
    "purge_expired_sessions": {
        "task": "auth.purge_expired_sessions",
        "schedule": crontab(hour=3, minute=0),
    },
}
