"""Scheduled work on sessions."""

from app.auth import service
from app.core.db import unit_of_work


def purge_expired_sessions() -> str:
    """Delete the sessions that ended by time more than a day ago."""
    with unit_of_work() as session:
        return f"{service.purge_expired_sessions(session)} expired sessions deleted"
