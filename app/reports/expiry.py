"""The job that removes what is over."""

from app.core.db import unit_of_work
from app.reports import files, service


def expire_reports() -> str:
    """Remove reports that are older than REPORT_RETENTION_HOURS, and files that are nobody's."""
    with unit_of_work() as session:
        names = service.expire_reports(session)
    files.forget(names)
    return f"{len(names)} reports expired, {files.sweep()} abandoned files removed"
