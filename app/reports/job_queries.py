"""Reading reports that are made in the background."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.pagination import counted_page
from app.reports.models import ReportJob
from app.users.actor import Actor


def get_report(session: Session, report_id: int, actor: Actor, *, lock: bool = False) -> ReportJob:
    """One's own report; administrators see all. Raises NotFound."""
    found = session.get(ReportJob, report_id, with_for_update=lock or None)
    if found is None or (found.user_id != actor.id and not actor.is_admin):
        raise NotFound("There is no such report.")
    return found


def list_reports(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[ReportJob]]:
    """Count and page of one's own reports (for administrators: of all), newest first."""
    seen = select(ReportJob)
    if not actor.is_admin:
        seen = seen.where(ReportJob.user_id == actor.id)
    return counted_page(session, seen.order_by(ReportJob.id.desc()), query)


def named_files(session: Session, names: Collection[str]) -> set[str]:
    """Those of `names` that a report names as its file."""
    found = select(ReportJob.file_name).where(ReportJob.file_name.in_(names))
    return {name for name in session.scalars(found) if name is not None}
