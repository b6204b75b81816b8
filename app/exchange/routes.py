"""CSV imports and exports: `/api/v1/tasks/imports/…`, `/api/v1/tasks/export/`."""

from typing import Any

from flask import Response, stream_with_context

from app.core import clock, csv
from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.downloads import download
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.core.requests import accepts_file
from app.exchange import commands, export, queries, service
from app.exchange.models import ImportFault, TaskImport
from app.exchange.schemas import (
    ExportQuerySchema,
    FaultSchema,
    ImportInputSchema,
    ImportQuerySchema,
    ImportSchema,
    ImportStartSchema,
)
from app.extensions import db
from app.tasks.saved_filters import applied
from app.users.actor import current_actor

bp = Blueprint("import", __name__, description="Take tasks in and out as CSV")
api_limit(bp)


@bp.get("/tasks/export/")
@bp.arguments(ExportQuerySchema, location="query")
@bp.alt_response(200, description="CSV with a header", success=True)
@bp.alt_response(503, description="Too many exports are running; `Retry-After` tells when")
def export_tasks(query: dict[str, Any]) -> Response:
    """Export the tasks that the list would show as CSV, which can be imported again"""
    actor = current_actor()
    lines = export.export_tasks(applied(db.session(), query, actor), actor)
    # Who the caller is has been asked; the export has a connection of its own.
    db.session.remove()
    return download(lines, media_type=csv.MEDIA_TYPE, name=f"tasks-{clock.now():%Y-%m-%d}.csv")


@bp.post("/tasks/imports/")
@accepts_file(lambda settings: settings.MAX_IMPORT_BYTES)
@bp.arguments(ImportInputSchema, location="files")
@bp.response(202, ImportSchema)
@bp.alt_response(409, description="Too many unfinished imports")
@bp.alt_response(413, description="The file is larger than MAX_IMPORT_BYTES")
def create_import(data: dict[str, Any]) -> TaskImport:
    """Hand in a CSV file of tasks to be checked or imported"""
    return commands.hand_in(data)


@bp.get("/tasks/imports/")
@bp.arguments(ImportQuerySchema, location="query")
@bp.response(200, page_schema(ImportSchema))
def list_imports(query: dict[str, Any]) -> Page[TaskImport]:
    """List one's own imports, as administrator all, newest first"""
    count, found = queries.list_imports(db.session(), query, current_actor())
    return paged(count, found, query)


@bp.get("/tasks/imports/<id:import_id>/")
@bp.response(200, ImportSchema)
def show_import(import_id: int) -> TaskImport:
    """Show one import and how far it is"""
    return queries.get_import(db.session(), import_id, current_actor())


@bp.delete("/tasks/imports/<id:import_id>/")
@bp.response(204)
@bp.alt_response(409, description="The import is over already")
def cancel_import(import_id: int) -> None:
    """Cancel an import; tasks that it has imported stay"""
    with unit_of_work() as session:
        service.cancel_import(session, import_id, actor=current_actor())


@bp.post("/tasks/imports/<id:import_id>/start/")
@bp.arguments(ImportStartSchema, example={"mode": "valid"})
@bp.response(202, ImportSchema)
@bp.alt_response(403, description="Somebody else handed it in")
@bp.alt_response(409, description="The import is not checked")
def start_import(data: dict[str, Any], import_id: int) -> TaskImport:
    """Import a checked file: all rows or none, or the valid ones"""
    with unit_of_work() as session:
        return service.start_import(session, import_id, data["mode"], actor=current_actor())


@bp.get("/tasks/imports/<id:import_id>/errors/")
@bp.arguments(ImportQuerySchema, location="query")
@bp.response(200, page_schema(FaultSchema))
def list_errors(query: dict[str, Any], import_id: int) -> Page[ImportFault]:
    """List what is wrong with the rows of an import"""
    session = db.session()
    found = queries.get_import(session, import_id, current_actor())
    count, faults = queries.list_faults(session, found, query)
    return paged(count, faults, query)


@bp.get("/tasks/imports/<id:import_id>/errors/export/")
@bp.alt_response(200, description="CSV with a header", success=True)
def export_errors(import_id: int) -> Response:
    """Export what is wrong with the rows of an import as CSV"""
    found = queries.get_import(db.session(), import_id, current_actor())
    db.session.remove()
    lines = stream_with_context(export.export_faults(queries.all_faults(found.id)))
    return download(lines, media_type=csv.MEDIA_TYPE, name=f"import-{found.id}-errors.csv")
