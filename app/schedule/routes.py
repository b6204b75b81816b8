"""The scheduled jobs: `/api/v1/admin/jobs/`."""

from typing import Any

from app.core.api import Blueprint
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.core.query import NumberedPageSchema
from app.extensions import db
from app.schedule import queries
from app.schedule.models import ScheduledRun
from app.schedule.queries import JobNow
from app.schedule.schemas import (
    ScheduledJobSchema,
    ScheduledRunQuerySchema,
    ScheduledRunSchema,
)
from app.users.actor import admins_only

bp = Blueprint("schedule", __name__, description="See what the scheduled jobs did and do next")
api_limit(bp)


@bp.get("/admin/jobs/")
@admins_only
@bp.arguments(NumberedPageSchema, location="query")
@bp.response(200, page_schema(ScheduledJobSchema))
@bp.alt_response(403, description="Not a global ADMIN")
def list_jobs(query: dict[str, Any]) -> Page[JobNow]:
    """List the scheduled jobs with their last run and their next moment (administrators only)"""
    jobs = queries.read_jobs(db.session())
    start = (query["page"] - 1) * query["page_size"]
    return paged(len(jobs), jobs[start : start + query["page_size"]], query)


@bp.get("/admin/jobs/runs/")
@admins_only
@bp.arguments(ScheduledRunQuerySchema, location="query")
@bp.response(200, page_schema(ScheduledRunSchema))
@bp.alt_response(403, description="Not a global ADMIN")
def list_runs(query: dict[str, Any]) -> Page[ScheduledRun]:
    """List the runs of the scheduled jobs, newest first (administrators only)"""
    count, runs = queries.read_runs(db.session(), query)
    return paged(count, runs, query)
