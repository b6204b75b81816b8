"""What can happen to a project and to its members; the members read it in the project's stream."""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.core.events import Changes, Event, StreamName
from app.projects.models import Project, ProjectMember
from app.projects.schemas import MemberSchema, ProjectSchema


class ProjectEvent(Event):
    """A change of one project; `snapshot` is the project as the API prints it."""

    entity: ClassVar[str] = "project"


class ProjectCreated(ProjectEvent):
    """A project came into being."""

    type: ClassVar[str] = "project.created"


class ProjectUpdated(ProjectEvent):
    """A field of the project changed, the owner and the archive flag included."""

    type: ClassVar[str] = "project.updated"


class ProjectDeleted(ProjectEvent):
    """A project was deleted, and every task in it."""

    type: ClassVar[str] = "project.deleted"


class MemberEvent(Event):
    """A change of one membership; `entity_id` is the person, who is told in the own stream, too."""

    entity: ClassVar[str] = "member"


class MemberAdded(MemberEvent):
    """Somebody joined a project."""

    type: ClassVar[str] = "member.added"


class MemberUpdated(MemberEvent):
    """Somebody's role in a project changed."""

    type: ClassVar[str] = "member.updated"


class MemberRemoved(MemberEvent):
    """Somebody left a project or was removed from it."""

    type: ClassVar[str] = "member.removed"


def about_project(
    project: Project, kind: type[ProjectEvent], *, actor_id: int, changes: Changes | None = None
) -> ProjectEvent:
    """An event of `kind` about `project`."""
    return kind(
        entity_id=project.id,
        project_id=project.id,
        actor_id=actor_id,
        streams=frozenset({StreamName.of_project(project.id)}),
        changes=changes or {},
        snapshot=project_json(project),
    )


def about_member(
    member: ProjectMember,
    kind: type[MemberEvent],
    *,
    actor_id: int | None,
    changes: Changes | None = None,
) -> MemberEvent:
    """An event of `kind` about `member`."""
    streams = {StreamName.of_project(member.project_id), StreamName.of_user(member.user_id)}
    return kind(
        entity_id=member.user_id,
        project_id=member.project_id,
        actor_id=actor_id,
        streams=frozenset(streams),
        changes=changes or {},
        snapshot=member_json(member),
    )


def project_json(project: Project) -> Mapping[str, Any]:
    """`project` as the API prints it."""
    dumped: dict[str, Any] = ProjectSchema().dump(project)
    return dumped


def member_json(member: ProjectMember) -> Mapping[str, Any]:
    """`member` as events hold it: the project and the person by id, the role."""
    dumped: dict[str, Any] = MemberSchema(only=("project", "user", "role", "joined_at")).dump(
        member
    )
    return dumped
