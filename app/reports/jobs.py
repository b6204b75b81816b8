"""The job that makes a report. What it needs for drawing is loaded by workers only."""

from app.core.jobs import LONG_LIMIT_SECONDS, REPORTS, job
from app.reports import running
from app.reports.models import RUN_JOB


@job(RUN_JOB, queue=REPORTS, seconds=LONG_LIMIT_SECONDS)
def run_report(report_id: int) -> str:
    """Make a report, if nobody else is at it."""
    return running.run_report(report_id)
