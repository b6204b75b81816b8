"""`flask jobs`: see the scheduled jobs and run one now, in the foreground."""

import click
from flask.cli import AppGroup

from app.audit.jobs import purge_audit_logs
from app.auth.jobs import purge_expired_sessions
from app.exchange.jobs import carry_on_imports
from app.notifications.jobs import purge_notifications
from app.ratelimits.jobs import flush_rate_limit_records
from app.reports.expiry import expire_reports
from app.task_logs.jobs import sync_task_logs
from app.tasks.jobs import check_sla, send_notifications_at_10_am

jobs = AppGroup("jobs", help="List and run the scheduled jobs.")

SCHEDULED = {
    "carry_on_imports": carry_on_imports,
    "check_sla": check_sla,
    "expire_reports": expire_reports,
    "flush_rate_limit_records": flush_rate_limit_records,
    "purge_audit_logs": purge_audit_logs,
    "purge_expired_sessions": purge_expired_sessions,
    "purge_notifications": purge_notifications,
    "send_notifications_at_10_am": send_notifications_at_10_am,
    "sync_task_logs": sync_task_logs,
}
"""Every entry of the beat table (a test holds the two equal)."""


@jobs.command("list")
def list_jobs() -> None:
    """List the scheduled jobs."""
    for name, scheduled in SCHEDULED.items():
        click.echo(f"{name:28} {(scheduled.__doc__ or '').splitlines()[0]}")


@jobs.command("run")
@click.argument("name", type=click.Choice(list(SCHEDULED)))
def run_job(name: str) -> None:
    """Run the job NAME now and print what it did."""
    click.echo(SCHEDULED[name].run())
