"""THE table of permissions: who may do what. REST, search, exports and sockets all ask it.

Who cannot see a thing is told that there is none (404). Who can see it but lacks the right is told
which role it takes (403). The global role ADMIN may do everything everywhere; the global role
MANAGER makes a member at least MANAGER in every project that he or she is a member of.
"""

import enum
from dataclasses import dataclass

from app.core.errors import Forbidden, NotFound
from app.projects.models import ProjectRole
from app.users.actor import Actor
from app.users.models import Role


class Permission(enum.Enum):
    """What can be done to a project and to what is in it; the value says it in words."""

    SEE_PROJECT = "see the project, its members, boards and columns"
    EDIT_PROJECT = "change the project's name, description and SLA switch"
    ARCHIVE_PROJECT = "archive and unarchive the project"
    MANAGE_MEMBERS = "add and remove members, change their roles"
    TRANSFER_PROJECT = "give the project to another owner"
    DELETE_PROJECT = "delete the project with all its tasks"
    MANAGE_BOARDS = "create, change, order and delete boards and columns"
    SEE_TASK = "see a task, its history, transitions and comments; find it by search and filter"
    CREATE_TASK = "create a task"
    EDIT_TASK = "change, move, assign and complete a task"
    DELETE_TASK = "delete and restore a task, take it out of its project"
    OVERRIDE_WIP_LIMIT = "put a task into a column that is full"
    COMMENT = "comment on a task"
    EDIT_COMMENT = "edit a comment"
    DELETE_COMMENT = "delete a comment"
    SEE_AUDIT = "read and export the audit log of the project"
    MANAGE_WEBHOOKS = "see, create, change, test and delete the project's webhooks"


class Tie(enum.StrEnum):
    """How somebody is tied to one thing in person, whatever the role."""

    OWNER = "owner"
    REPORTER = "reporter"
    ASSIGNEE = "assignee"
    AUTHOR = "author"


@dataclass(frozen=True)
class Grant:
    """Who has a permission: everyone from a role upwards (None: nobody), and the ties."""

    role: ProjectRole | None = None
    ties: frozenset[Tie] = frozenset()


def _grant(role: ProjectRole | None, *ties: Tie) -> Grant:
    return Grant(role, frozenset(ties))


MEMBER, MANAGER, ADMIN = ProjectRole.MEMBER, ProjectRole.MANAGER, ProjectRole.ADMIN

# A task outside any project has a reporter and perhaps an assignee, and nobody has a role in it.
GRANTS: dict[Permission, Grant] = {
    Permission.SEE_PROJECT: _grant(MEMBER),
    Permission.EDIT_PROJECT: _grant(ADMIN),
    Permission.ARCHIVE_PROJECT: _grant(ADMIN),
    Permission.MANAGE_MEMBERS: _grant(ADMIN),
    Permission.TRANSFER_PROJECT: _grant(None, Tie.OWNER),
    Permission.DELETE_PROJECT: _grant(None, Tie.OWNER),
    Permission.MANAGE_BOARDS: _grant(MANAGER),
    Permission.SEE_TASK: _grant(MEMBER, Tie.REPORTER, Tie.ASSIGNEE),
    Permission.CREATE_TASK: _grant(MEMBER),
    Permission.EDIT_TASK: _grant(MEMBER, Tie.REPORTER, Tie.ASSIGNEE),
    Permission.DELETE_TASK: _grant(MANAGER, Tie.REPORTER),
    Permission.OVERRIDE_WIP_LIMIT: _grant(MANAGER),
    Permission.COMMENT: _grant(MEMBER, Tie.REPORTER, Tie.ASSIGNEE),
    Permission.EDIT_COMMENT: _grant(None, Tie.AUTHOR),
    Permission.DELETE_COMMENT: _grant(MANAGER, Tie.AUTHOR),
    Permission.SEE_AUDIT: _grant(ADMIN),
    Permission.MANAGE_WEBHOOKS: _grant(ADMIN),
}


@dataclass(frozen=True)
class Standing:
    """How somebody stands to a thing: what it is called, the role in its project, the ties.

    `in_project` is False for a task outside any project, which only the ties give access to; in a
    project ties count on top of a role and never without one.
    """

    actor: Actor
    thing: str
    role: ProjectRole | None
    in_project: bool = True
    ties: frozenset[Tie] = frozenset()

    @property
    def sees(self) -> bool:
        """Whether the thing is there at all for this person."""
        if self.actor.is_admin:
            return True
        return self.role is not None if self.in_project else bool(self.ties)

    def may(self, permission: Permission) -> bool:
        """Whether the table grants `permission`."""
        if self.actor.is_admin:
            return True
        grant = GRANTS[permission]
        has_role = grant.role is not None and self.role is not None
        if has_role and self.role.rank >= grant.role.rank:  # type: ignore[union-attr]  # both set
            return True
        return self.sees and bool(self.ties & grant.ties)

    def require(self, permission: Permission) -> None:
        """Raise NotFound where the thing cannot be seen, Forbidden where the right is missing."""
        if not self.sees:
            raise NotFound(f"There is no such {self.thing}.")
        if not self.may(permission):
            raise Forbidden(f"Only {who_may(permission)} may {permission.value}.")


def who_may(permission: Permission) -> str:
    """Who has a permission, in words: `the reporter, MANAGER or ADMIN of the project`."""
    grant = GRANTS[permission]
    ties = [f"the {tie}" for tie in Tie if tie in grant.ties]
    roles = [role.value for role in ProjectRole if grant.role and role.rank >= grant.role.rank]
    if roles:
        ties.append(f"{' or '.join(roles)} of the project")
    return ", ".join([*ties, "a global ADMIN"][:-1]) + " or a global ADMIN"


def effective_role(actor: Actor, role: ProjectRole | None) -> ProjectRole | None:
    """The role that counts: a member who is MANAGER globally is at least MANAGER in the project."""
    if role is not None and actor.role is Role.MANAGER and role.rank < MANAGER.rank:
        return MANAGER
    return role
