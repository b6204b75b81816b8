"""Projects and their members: `/api/v1/projects/…`."""

from typing import Any

from flask import Response, jsonify

from app.core.api import Blueprint
from app.core.db import unit_of_work
from app.core.etag import expected_version, with_etag
from app.core.limits import api_limit
from app.core.pagination import Page, page_schema, paged
from app.extensions import db
from app.projects import queries, service
from app.projects.models import Project, ProjectMember
from app.projects.schemas import (
    MemberInputSchema,
    MemberQuerySchema,
    MemberRoleSchema,
    MemberRowSchema,
    MemberSchema,
    ProjectInputSchema,
    ProjectPatchSchema,
    ProjectQuerySchema,
    ProjectRowSchema,
    ProjectSchema,
    TransferSchema,
)
from app.users.actor import current_actor

bp = Blueprint("project", __name__, description="Create projects and take part in them")
api_limit(bp)

ARCHIVED = "The project is archived"
OWNER = "The project is archived, or the owner is meant"


@bp.get("/projects/")
@bp.arguments(ProjectQuerySchema, location="query")
@bp.response(200, page_schema(ProjectRowSchema))
def list_projects(query: dict[str, Any]) -> Page[Any]:
    """List the caller's projects (all of them for administrators)"""
    count, rows = queries.list_projects(db.session(), query, current_actor())
    return paged(count, rows, query)


@bp.post("/projects/")
@bp.arguments(ProjectInputSchema)
@bp.alt_response(201, schema=ProjectSchema, success=True)
def create_project(data: dict[str, Any]) -> Response:
    """Create a project with a first board; the caller owns it"""
    with unit_of_work() as session:
        project = service.create_project(session, data, actor=current_actor())
    return _project(project, 201)


@bp.get("/projects/<id:project_id>/")
@bp.alt_response(200, schema=ProjectSchema, success=True)
def show_project(project_id: int) -> Response:
    """Show one project"""
    return _project(queries.get_project(db.session(), project_id, current_actor())[0])


@bp.patch("/projects/<id:project_id>/")
@bp.arguments(ProjectPatchSchema)
@bp.alt_response(200, schema=ProjectSchema, success=True)
@bp.alt_response(403, description="Needs ADMIN of the project")
@bp.alt_response(409, description=ARCHIVED)
@bp.alt_response(412, description="The project is not at the version in If-Match")
def change_project(data: dict[str, Any], project_id: int) -> Response:
    """Change a project; what is left out stays"""
    version = expected_version()
    with unit_of_work() as session:
        project = service.update_project(
            session, project_id, data, actor=current_actor(), version=version
        )
    return _project(project)


@bp.delete("/projects/<id:project_id>/")
@bp.response(204)
@bp.alt_response(403, description="Needs to be the owner")
@bp.alt_response(412, description="The project is not at the version in If-Match")
def delete_project(project_id: int) -> None:
    """Delete a project with all its boards and tasks"""
    version = expected_version()
    with unit_of_work() as session:
        service.delete_project(session, project_id, actor=current_actor(), version=version)


@bp.post("/projects/<id:project_id>/archive/")
@bp.alt_response(200, schema=ProjectSchema, success=True)
@bp.alt_response(403, description="Needs ADMIN of the project")
def archive_project(project_id: int) -> Response:
    """Archive a project: it can be read but not changed"""
    with unit_of_work() as session:
        project = service.set_archived(session, project_id, True, actor=current_actor())
    return _project(project)


@bp.post("/projects/<id:project_id>/unarchive/")
@bp.alt_response(200, schema=ProjectSchema, success=True)
@bp.alt_response(403, description="Needs ADMIN of the project")
def unarchive_project(project_id: int) -> Response:
    """Take an archived project up again"""
    with unit_of_work() as session:
        project = service.set_archived(session, project_id, False, actor=current_actor())
    return _project(project)


@bp.post("/projects/<id:project_id>/transfer/")
@bp.arguments(TransferSchema)
@bp.alt_response(200, schema=ProjectSchema, success=True)
@bp.alt_response(403, description="Needs to be the owner")
def transfer_project(data: dict[str, Any], project_id: int) -> Response:
    """Give a project to another of its members"""
    with unit_of_work() as session:
        project = service.transfer_project(session, project_id, data["user"], actor=current_actor())
    return _project(project)


@bp.post("/projects/<id:project_id>/leave/")
@bp.response(204)
@bp.alt_response(409, description=OWNER)
def leave_project(project_id: int) -> None:
    """Leave a project; the caller's tasks in it are assigned to nobody then"""
    with unit_of_work() as session:
        service.leave_project(session, project_id, actor=current_actor())


@bp.get("/projects/<id:project_id>/members/")
@bp.arguments(MemberQuerySchema, location="query")
@bp.response(200, page_schema(MemberRowSchema))
def list_members(query: dict[str, Any], project_id: int) -> Page[Any]:
    """List the members of a project, those who joined first at the top"""
    session = db.session()
    project, _ = queries.get_project(session, project_id, current_actor())
    count, rows = queries.list_members(session, project, query)
    return paged(count, rows, query)


@bp.post("/projects/<id:project_id>/members/")
@bp.arguments(MemberInputSchema)
@bp.response(201, MemberSchema)
@bp.alt_response(403, description="Needs ADMIN of the project")
@bp.alt_response(409, description="A member already, or the project is archived")
def add_member(data: dict[str, Any], project_id: int) -> ProjectMember:
    """Add a member, named by id, username or e-mail"""
    with unit_of_work() as session:
        return service.add_member(session, project_id, data, actor=current_actor())


@bp.patch("/projects/<id:project_id>/members/<id:user_id>/")
@bp.arguments(MemberRoleSchema)
@bp.response(200, MemberSchema)
@bp.alt_response(403, description="Needs ADMIN of the project")
@bp.alt_response(409, description=OWNER)
def change_member(data: dict[str, Any], project_id: int, user_id: int) -> ProjectMember:
    """Give a member another role"""
    with unit_of_work() as session:
        return service.change_member(
            session, project_id, user_id, data["role"], actor=current_actor()
        )


@bp.delete("/projects/<id:project_id>/members/<id:user_id>/")
@bp.response(204)
@bp.alt_response(403, description="Needs ADMIN of the project")
@bp.alt_response(409, description=OWNER)
def remove_member(project_id: int, user_id: int) -> None:
    """Remove a member, whose tasks in the project are assigned to nobody then"""
    with unit_of_work() as session:
        service.remove_member(session, project_id, user_id, actor=current_actor())


def _project(project: Project, status: int = 200) -> Response:
    response = jsonify(ProjectSchema().dump(project))
    response.status_code = status
    return with_etag(response, project.version)
