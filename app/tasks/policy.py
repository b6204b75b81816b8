"""Who sees which tasks, and how somebody stands to one."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true

from app.projects.models import ProjectRole
from app.projects.permissions import Standing, Tie
from app.projects.queries import projects_of
from app.tasks.models import Task
from app.users.actor import Actor


@dataclass(frozen=True)
class Branch:
    """A part of what somebody sees, answered by an index of its own in the order of the list.

    `per_project` says that the index is ordered within each project only, so that a list has to
    merge the projects of the actor.
    """

    condition: ColumnElement[bool]
    per_project: bool = False


def visible_to(actor: Actor) -> list[Branch]:
    """The tasks that `actor` sees, as branches that exclude each other.

    That they do not overlap lets a list merge them and a count add them up.
    """
    if actor.is_admin:
        return [Branch(true())]
    outside = Task.project_id.is_(None)
    reported = Task.reporter_id == actor.id
    return [
        Branch(outside & reported),
        Branch(outside & (Task.assignee_id == actor.id) & ~reported),
        Branch(Task.project_id.in_(projects_of(actor)), per_project=True),
    ]


def assigned_to(actor: Actor) -> list[Branch]:
    """The tasks assigned to `actor`, who sees all of them.

    A project's tasks are assigned to members only, and leaving the project unassigns.
    """
    return [Branch(Task.assignee_id == actor.id)]


def involving(actor: Actor) -> list[Branch]:
    """The tasks that `actor` reported or is assigned to, as far as `actor` still sees them."""
    seen = (
        true()
        if actor.is_admin
        else or_(Task.project_id.is_(None), Task.project_id.in_(projects_of(actor)))
    )
    others = Task.assignee_id.is_distinct_from(actor.id)
    return [*assigned_to(actor), Branch((Task.reporter_id == actor.id) & others & seen)]


def standing_to(task: Task, actor: Actor, role: ProjectRole | None) -> Standing:
    """How `actor`, whose role in the task's project is `role`, stands to `task`."""
    ties = {Tie.REPORTER: task.reporter_id, Tie.ASSIGNEE: task.assignee_id}
    held = frozenset(tie for tie, person in ties.items() if person == actor.id)
    return Standing(actor, "task", role, in_project=task.project_id is not None, ties=held)
