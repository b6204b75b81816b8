"""Reading reports that are made in the background."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.reports.models import ReportJob
from app.users.actor import Actor
from app.users.owned import get_owned, list_owned


def get_report(session: Session, report_id: int, actor: Actor, *, lock: bool = False) -> ReportJob:
    """One's own report; administrators see all. Raises NotFound."""
    return get_owned(session, ReportJob, report_id, actor, lock=lock)


def list_reports(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[ReportJob]]:
    """Count and page of one's own reports (for administrators: of all), newest first."""
    return list_owned(session, ReportJob, query, actor)


def named_files(session: Session, names: Collection[str]) -> set[str]:
    """Those of `names` that a report names as its file."""
    found = select(ReportJob.file_name).where(ReportJob.file_name.in_(names))
    return {name for name in session.scalars(found) if name is not None}
