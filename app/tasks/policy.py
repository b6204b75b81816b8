"""Who may do what to a task outside any project."""

from sqlalchemy import ColumnElement, true

from app.tasks.models import Task
from app.users.actor import Actor


def visible_to(actor: Actor) -> list[ColumnElement[bool]]:
    """The tasks that `actor` sees, as conditions that exclude each other.

    Each of them is answered by an index of its own, in the order of the list; that they do not
    overlap lets a list merge them and a count add them up.
    """
    if actor.is_admin:
        return [true()]
    reported = Task.reporter_id == actor.id
    return [reported, (Task.assignee_id == actor.id) & ~reported]


def can_see_task(actor: Actor, task: Task) -> bool:
    """Reporter, assignee and administrators see a task."""
    return actor.is_admin or actor.id in (task.reporter_id, task.assignee_id)


def can_delete_task(actor: Actor, task: Task) -> bool:
    """Only the reporter and administrators delete and restore; an assignee can hand it back."""
    return actor.is_admin or actor.id == task.reporter_id
