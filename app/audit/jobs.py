"""The jobs over the audit log."""

from app.audit.retention import BATCH, purge_batch
from app.config import current_settings
from app.core.db import unit_of_work


def purge_audit_logs() -> str:
    """Delete events older than AUDIT_RETENTION_DAYS; 0 keeps everything."""
    days = current_settings().AUDIT_RETENTION_DAYS
    if not days:
        return "everything is kept: AUDIT_RETENTION_DAYS is 0"
    purged, deleted = 0, BATCH
    while deleted == BATCH:
        with unit_of_work() as session:
            deleted = purge_batch(session, days)
        purged += deleted
    return f"{purged} events older than {days} days deleted"
