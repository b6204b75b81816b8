"""Reading projects and members."""

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound
from app.projects.models import Project, ProjectMember, ProjectRole
from app.projects.permissions import Standing, Tie, effective_role
from app.users.actor import Actor


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
