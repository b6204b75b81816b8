"""Writing projects and members. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.core import clock, events
from app.core.errors import Conflict, Invalid, NotFound, PreconditionFailed
from app.projects.events import (
    MemberAdded,
    MemberRemoved,
    MemberUpdated,
    ProjectCreated,
    ProjectDeleted,
    ProjectUpdated,
    about_member,
    about_project,
    project_json,
)
from app.projects.models import Project, ProjectMember, ProjectRole
from app.projects.permissions import Permission, Standing
from app.projects.queries import check_writable, lock_project
from app.users.actor import Actor
from app.users.models import User
from app.users.queries import find_by_login, find_user

OWNER_STAYS = "The owner stays ADMIN of the project; transfer the project to somebody else first."


def create_project(session: Session, data: Mapping[str, Any], *, actor: Actor) -> Project:
    """Create a project that `actor` owns; `data` as ProjectInputSchema loads it."""
    moment = clock.now()
    project = Project(**data, owner_id=actor.id, created_at=moment, updated_at=moment)
    session.add(project)
    session.flush()  # The event and the membership name the new id.
    events.record(about_project(project, ProjectCreated, actor_id=actor.id))
    _add(session, project, actor.id, ProjectRole.ADMIN, actor_id=actor.id)
    return project


def update_project(
    session: Session, project_id: int, data: Mapping[str, Any], *, actor: Actor, version: int | None
) -> Project:
    """Change what `data` (ProjectPatchSchema) holds.

    Raises NotFound, Forbidden, Conflict for an archived project, PreconditionFailed where `version`
    is not the present one.
    """
    project, standing = lock_project(session, project_id, actor)
    standing.require(Permission.EDIT_PROJECT)
    _check_version(project, version)
    check_writable(project)
    return _change(project, data, actor)


def set_archived(session: Session, project_id: int, archived: bool, *, actor: Actor) -> Project:
    """Archive a project or take it up again; once more changes nothing.

    Raises NotFound, Forbidden.
    """
    project, standing = lock_project(session, project_id, actor)
    standing.require(Permission.ARCHIVE_PROJECT)
    return _change(project, {"is_archived": archived}, actor)


def transfer_project(session: Session, project_id: int, user_id: int, *, actor: Actor) -> Project:
    """Give a project to another of its members, who becomes ADMIN; the old owner stays ADMIN.

    Raises NotFound, Forbidden, Invalid for who is not an active member.
    """
    project, standing = lock_project(session, project_id, actor)
    standing.require(Permission.TRANSFER_PROJECT)
    member = session.get(ProjectMember, (project_id, user_id))
    user = find_user(session, user_id)
    if member is None or user is None or not user.is_active:
        raise Invalid.field("user", f"user {user_id} is not an active member of the project")
    _change_role(member, ProjectRole.ADMIN, actor)
    return _change(project, {"owner_id": user_id}, actor)


def delete_project(session: Session, project_id: int, *, actor: Actor, version: int | None) -> None:
    """Delete a project with all that is in it; nobody is a member of it afterwards.

    Raises NotFound, Forbidden, PreconditionFailed.
    """
    project, standing = lock_project(session, project_id, actor)
    standing.require(Permission.DELETE_PROJECT)
    _check_version(project, version)
    project.deleted_at = clock.now()
    session.execute(delete(ProjectMember).where(ProjectMember.project_id == project_id))
    events.record(about_project(project, ProjectDeleted, actor_id=actor.id))


def add_member(
    session: Session, project_id: int, data: Mapping[str, Any], *, actor: Actor
) -> ProjectMember:
    """Make somebody a member; `data` as MemberInputSchema loads it.

    Raises NotFound, Forbidden, Invalid for who does not exist or may not sign in, Conflict for who
    is a member already and for an archived project.
    """
    project, _ = _lock_to_manage(session, project_id, actor)
    user = _find_person(session, data)
    if session.get(ProjectMember, (project_id, user.id)) is not None:
        message = "is a member of the project already"
        raise Conflict(f"{user.username} {message}.", errors={_naming(data): [message]})
    return _add(session, project, user.id, data["role"], actor_id=actor.id)


def change_member(
    session: Session, project_id: int, user_id: int, role: ProjectRole, *, actor: Actor
) -> ProjectMember:
    """Give a member another role. Raises NotFound, Forbidden, Conflict for the owner."""
    project, _ = _lock_to_manage(session, project_id, actor)
    member = _member(session, project_id, user_id)
    if project.owner_id == user_id and role is not ProjectRole.ADMIN:
        raise Conflict(OWNER_STAYS, errors={"role": ["must be ADMIN for the owner"]})
    _change_role(member, role, actor)
    return member


def remove_member(session: Session, project_id: int, user_id: int, *, actor: Actor) -> None:
    """Take somebody out of a project, and the project's tasks from them.

    Raises NotFound, Forbidden, Conflict for the owner and for an archived project.
    """
    project, _ = _lock_to_manage(session, project_id, actor)
    _remove(session, project, _member(session, project_id, user_id), actor)


def leave_project(session: Session, project_id: int, *, actor: Actor) -> None:
    """Take the caller out of a project, and the project's tasks from them.

    Raises NotFound where the caller is not a member, Conflict for the owner and for an archived
    project.
    """
    project, _ = lock_project(session, project_id, actor)
    check_writable(project)
    _remove(session, project, _member(session, project_id, actor.id), actor)


def _lock_to_manage(session: Session, project_id: int, actor: Actor) -> tuple[Project, Standing]:
    project, standing = lock_project(session, project_id, actor)
    standing.require(Permission.MANAGE_MEMBERS)
    check_writable(project)
    return project, standing


def _member(session: Session, project_id: int, user_id: int) -> ProjectMember:
    member = session.get(ProjectMember, (project_id, user_id))
    if member is None:
        raise NotFound("There is no such member.")
    return member


def _add(
    session: Session, project: Project, user_id: int, role: ProjectRole, *, actor_id: int
) -> ProjectMember:
    member = ProjectMember(project_id=project.id, user_id=user_id, role=role, joined_at=clock.now())
    session.add(member)
    events.record(about_member(member, MemberAdded, actor_id=actor_id))
    return member


def _remove(session: Session, project: Project, member: ProjectMember, actor: Actor) -> None:
    if project.owner_id == member.user_id:
        raise Conflict(OWNER_STAYS)
    session.delete(member)
    events.record(about_member(member, MemberRemoved, actor_id=actor.id))


def _change_role(member: ProjectMember, role: ProjectRole, actor: Actor) -> None:
    if member.role is not role:
        changes = {"role": [member.role.value, role.value]}
        member.role = role
        events.record(about_member(member, MemberUpdated, actor_id=actor.id, changes=changes))


def _change(project: Project, data: Mapping[str, Any], actor: Actor) -> Project:
    before = project_json(project)
    for name, value in data.items():
        setattr(project, name, value)
    after = project_json(project)
    changes = events.differences(before, after)
    if changes:
        project.version += 1
        project.updated_at = clock.now()
        events.record(about_project(project, ProjectUpdated, actor_id=actor.id, changes=changes))
    return project


def _check_version(project: Project, version: int | None) -> None:
    if version not in (None, project.version):
        raise PreconditionFailed(
            f"The project has changed since version {version}; it is at version "
            f"{project.version} now. Read it again, or repeat with the new ETag.",
            extra={"current_version": project.version},
        )


def _naming(data: Mapping[str, Any]) -> str:
    """By which of its three names `data` names a person."""
    return next(name for name in ("user", "username", "email") if name in data)


def _find_person(session: Session, data: Mapping[str, Any]) -> User:
    field = _naming(data)
    named = data[field]
    # An e-mail has an @ and a username never does; each is looked for under its own name only.
    fits = field == "user" or ("@" in named) == (field == "email")
    find = find_user if field == "user" else find_by_login
    user = find(session, named) if fits else None
    if user is None or not user.is_active:
        raise Invalid.field(field, f"there is no active user {named!r}")
    return user
