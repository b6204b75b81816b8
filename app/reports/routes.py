"""Reports: `/api/v1/reports/…`."""

from typing import Any

from flask import Response, url_for

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.downloads import download
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.reports import commands, job_queries, queries, service
from app.reports.job_schemas import ReportInputSchema, ReportListSchema, ReportSchema
from app.reports.models import MEDIA_TYPES, ReportJob
from app.reports.periods import read_period
from app.reports.schemas import InsightQuerySchema, InsightSchema
from app.users.actor import current_actor

bp = Blueprint("report", __name__, description="Numbers over tasks, and reports to download")
api_limit(bp)


@bp.get("/reports/insight/")
@bp.arguments(InsightQuerySchema, location="query")
@bp.response(200, InsightSchema)
def show_insight(query: dict[str, Any]) -> dict[str, Any]:
    """Count the tasks that the caller may see, by status, priority and person, and over time"""
    actor, first, last = current_actor(), query.get("first_day"), query.get("last_day")
    is_asked = query["over_time"] or first or last
    return queries.current_insight(actor, read_period(first, last, actor) if is_asked else None)


@bp.post("/reports/")
@bp.arguments(
    ReportInputSchema,
    example={"format": "pdf", "title": "This month", "query": {"project": 1}},
)
@bp.response(202, ReportSchema, headers={"Location": {"schema": {"type": "string"}}})
@bp.alt_response(409, description="5 reports are unfinished, or 100 wait to be downloaded")
def create_report(data: dict[str, Any]) -> tuple[ReportJob, dict[str, str]]:
    """Ask for a report, which a worker makes; the rows of tasks, or a summary with charts"""
    with unit_of_work() as session:
        found = service.create_report(session, data, actor=current_actor())
    return found, {"Location": url_for("report.show_report", report_id=found.id)}


@bp.get("/reports/")
@bp.arguments(ReportListSchema, location="query")
@bp.response(200, page_schema(ReportSchema))
def list_reports(query: dict[str, Any]) -> Page[ReportJob]:
    """List one's own reports, as administrator all, newest first"""
    count, found = job_queries.list_reports(db.session(), query, current_actor())
    return paged(count, found, query)


@bp.get("/reports/<id:report_id>/")
@bp.response(200, ReportSchema)
def show_report(report_id: int) -> ReportJob:
    """Show one report and how far it is"""
    return job_queries.get_report(db.session(), report_id, current_actor())


@bp.delete("/reports/<id:report_id>/")
@bp.response(204)
def remove_report(report_id: int) -> None:
    """Cancel a report that is not finished, else delete it with its file"""
    commands.remove(report_id, current_actor())


@bp.get("/reports/<id:report_id>/download/")
@bp.alt_response(200, description="The file", success=True)
@bp.alt_response(409, description="There is no file, or none yet")
@bp.alt_response(410, description="The report has expired")
@bp.alt_response(503, description="The storage does not answer")
def download_report(report_id: int) -> Response:
    """Download a finished report"""
    found, content = commands.open_file(report_id, current_actor())
    name = f"report-{found.id}.{found.format}"
    answer = download(content, media_type=MEDIA_TYPES[found.format], name=name)
    answer.headers["Content-Length"] = str(found.size)
    db.session.remove()
    return answer
