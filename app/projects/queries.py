"""Reading projects and members."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, func, inspect, select
from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound
from app.core.pagination import counted_page, numbered
from app.projects.models import Project, ProjectMember, ProjectRole
from app.projects.permissions import Standing, Tie, effective_role
from app.users.actor import Actor
from app.users.models import User


def role_in(session: Session, project_id: int, actor: Actor) -> ProjectRole | None:
    """The role of `actor` in a project that counts; None for who is not a member."""
    found = session.scalar(
        select(ProjectMember.role).where(
            ProjectMember.project_id == project_id, ProjectMember.user_id == actor.id
        )
    )
    return effective_role(actor, found)


def roles_in(
    session: Session, project_ids: Collection[int], actor: Actor
) -> dict[int | None, ProjectRole | None]:
    """By project: the role of `actor` that counts; without those he or she is not a member of."""
    rows = session.execute(
        select(ProjectMember.project_id, ProjectMember.role).where(
            ProjectMember.project_id.in_(project_ids), ProjectMember.user_id == actor.id
        )
    )
    return {project_id: effective_role(actor, role) for project_id, role in rows}


def standing_in(
    session: Session, project: Project, actor: Actor, *, thing: str = "project"
) -> Standing:
    """How `actor` stands to `project`, or to the `thing` in it that is spoken of."""
    ties = frozenset({Tie.OWNER} if project.owner_id == actor.id else ())
    return Standing(actor, thing, role_in(session, project.id, actor), ties=ties)


def get_project(session: Session, project_id: int, actor: Actor) -> tuple[Project, Standing]:
    """A project and how `actor` stands to it. Raises NotFound where it cannot be seen."""
    return _seen(session, session.get(Project, project_id, populate_existing=True), actor)


def lock_project(session: Session, project_id: int, actor: Actor) -> tuple[Project, Standing]:
    """The project, locked against every other writer to it and in it; else as `get_project`.

    Whoever writes in a project locks it first (`share_project`), then tasks by their ids, then
    boards by theirs, then streams: so no two can wait for each other.
    """
    project = session.get(Project, project_id, with_for_update=True, populate_existing=True)
    return _seen(session, project, actor)


def share_project(session: Session, project_id: int) -> Project | None:
    """The project, locked so that it stays as it is (members, archive flag) until the commit.

    Any number of writers share it; one who changes the project itself waits for all of them.
    """
    return session.get(Project, project_id, with_for_update={"read": True}, populate_existing=True)


def check_writable(project: Project) -> None:
    """Raise Conflict for an archived project."""
    if project.is_archived:
        raise Conflict(f"Project {project.id} is archived: it can be read but not changed.")


def is_member(session: Session, project_id: int, user_id: int) -> bool:
    """Whether a user takes part in a project."""
    return session.get(ProjectMember, (project_id, user_id), populate_existing=True) is not None


def projects_of(actor: Actor) -> Select[int]:
    """The ids of the projects that `actor` is a member of."""
    return select(ProjectMember.project_id).where(ProjectMember.user_id == actor.id)


def _seen(session: Session, project: Project | None, actor: Actor) -> tuple[Project, Standing]:
    if project is not None and project.deleted_at is None:
        standing = standing_in(session, project, actor)
        if standing.sees:
            return project, standing
    raise NotFound("There is no such project.")


def list_projects(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, list[dict[str, Any]]]:
    """Count and page (ProjectRowSchema) of the projects that `actor` sees, by id."""
    seen = select(Project).where(Project.deleted_at.is_(None))
    if not actor.is_admin:
        seen = seen.where(Project.id.in_(projects_of(actor)))
    if "is_archived" in query:
        seen = seen.where(Project.is_archived == query["is_archived"])
    if text := query.get("search"):
        seen = seen.where(Project.name.icontains(text, autoescape=True))
    count, projects = counted_page(session, seen.order_by(Project.id), query)
    ids = [project.id for project in projects]
    roles, members = roles_in(session, ids, actor), _member_counts(session, ids)
    rows = [
        _fields(project) | {"role": roles.get(project.id), "members": members.get(project.id, 0)}
        for project in projects
    ]
    return count, rows


def list_members(
    session: Session, project: Project, query: Mapping[str, Any]
) -> tuple[int, list[dict[str, Any]]]:
    """Count and page (MemberRowSchema) of a project's members, in the order of their joining."""
    count = _member_counts(session, [project.id]).get(project.id, 0)
    members = (
        select(ProjectMember, User)
        .join(User, User.id == ProjectMember.user_id)
        .where(ProjectMember.project_id == project.id)
        .order_by(ProjectMember.joined_at, ProjectMember.user_id)
    )
    rows = session.execute(numbered(members, query))
    return count, [
        _fields(member)
        | {name: getattr(user, name) for name in ("username", "first_name", "last_name")}
        | {"is_owner": user.id == project.owner_id}
        for member, user in rows
    ]


def shares_project_with(actor: Actor) -> Select[int]:
    """The ids of everyone who takes part in a project of `actor`."""
    return select(ProjectMember.user_id).where(ProjectMember.project_id.in_(projects_of(actor)))


def _member_counts(session: Session, project_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        select(ProjectMember.project_id, func.count())
        .where(ProjectMember.project_id.in_(project_ids))
        .group_by(ProjectMember.project_id)
    )
    return dict(iter(rows))


def _fields(row: Project | ProjectMember) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
