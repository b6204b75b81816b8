"""What can happen to a report that is made in the background; whoever asked for it hears of it."""

from typing import Any, ClassVar

from app.core import events
from app.core.events import Event
from app.reports.job_schemas import ReportSchema
from app.reports.models import ReportJob
from app.users.owned import record_owned


class ReportEvent(Event):
    """A change of one report; `snapshot` is the report as the API prints it."""

    entity: ClassVar[str] = "report"


class ReportCreated(ReportEvent):
    """A report was asked for."""

    type: ClassVar[str] = "report.created"


class ReportUpdated(ReportEvent):
    """A report was begun, cancelled, came to an end, or expired."""

    type: ClassVar[str] = "report.updated"


class ReportDeleted(ReportEvent):
    """A report was deleted."""

    type: ClassVar[str] = "report.deleted"


def record_created(found: ReportJob) -> None:
    """Note that a report was asked for."""
    record_owned(ReportCreated, found, as_json(found), actor_id=found.user_id)


def record_change(found: ReportJob, before: dict[str, Any], *, actor_id: int | None) -> None:
    """Note what is different from `before`; `actor_id` is None for what time did."""
    after = as_json(found)
    changes = events.differences(before, after)
    if changes:
        record_owned(ReportUpdated, found, after, actor_id=actor_id, changes=changes)


def record_deleted(found: ReportJob, *, actor_id: int) -> None:
    """Note that a report and its file are gone."""
    record_owned(ReportDeleted, found, as_json(found), actor_id=actor_id)


def as_json(found: ReportJob) -> dict[str, Any]:
    """A report as the API prints it, without its links."""
    dumped: dict[str, Any] = ReportSchema(exclude=("links",)).dump(found)
    return dumped
