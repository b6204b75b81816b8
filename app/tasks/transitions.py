"""What the caller may do with the status of a task now, and why not the rest."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.boards.lifecycle import Status, refusal
from app.projects.models import Project
from app.projects.permissions import Permission, who_may
from app.tasks.models import Task
from app.tasks.placement import Cell, full, full_column
from app.tasks.queries import standing_to
from app.users.actor import Actor


@dataclass(frozen=True)
class Transition:
    """One state and whether the task may go there; `reason` is None where it may."""

    status: Status
    reason: str | None = None
    can_override: bool = False

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return self.reason is None


def transitions_of(session: Session, task: Task, actor: Actor) -> list[Transition]:
    """One entry for each state but the present one, by the rules that a write would meet."""
    general = _refusal_of_any(session, task, actor)
    others = [status for status in Status if status is not task.status]
    if general:
        return [Transition(status, general) for status in others]
    return [_transition(session, task, status, actor) for status in others]


def _refusal_of_any(session: Session, task: Task, actor: Actor) -> str | None:
    if task.project_id is not None:
        project = session.get_one(Project, task.project_id)
        if project.is_archived:
            return "the project is archived; unarchive it first"
    if not standing_to(session, task, actor).may(Permission.EDIT_TASK):
        return f"only {who_may(Permission.EDIT_TASK)} may do it"
    return None


def _transition(session: Session, task: Task, status: Status, actor: Actor) -> Transition:
    if reason := refusal(task.status, status):
        return Transition(status, reason)
    column = full_column(session, Cell(task.board_id, status)) if task.board_id else None
    if column is None:
        return Transition(status)
    may_override = standing_to(session, task, actor).may(Permission.OVERRIDE_WIP_LIMIT)
    return Transition(status, full(column), can_override=may_override)
