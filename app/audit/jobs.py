"""The jobs over the audit log."""

from app.audit.retention import forget_events, old_events
from app.config import current_settings
from app.core.purging import purge


def purge_audit_logs() -> str:
    """Delete events older than AUDIT_RETENTION_DAYS; 0 keeps everything."""
    days = current_settings().AUDIT_RETENTION_DAYS
    if not days:
        return "everything is kept: AUDIT_RETENTION_DAYS is 0"
    return f"{purge(old_events(days), forget_events)} events older than {days} days deleted"
