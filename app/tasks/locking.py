"""Locking what a write to tasks needs, in the one order in which nobody waits in a circle."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.models import Board
from app.core.errors import Conflict, NotFound
from app.projects.models import Project
from app.projects.permissions import Standing
from app.projects.queries import check_writable, roles_in, share_project
from app.tasks import policy
from app.tasks.models import Task
from app.users.actor import Actor


@dataclass(frozen=True)
class Locked:
    """A task that nobody else changes until the commit, and how the caller stands to it."""

    task: Task
    project: Project | None
    standing: Standing


def lock_task(
    session: Session,
    task_id: int,
    actor: Actor,
    *,
    board: Board | None = None,
    deleted: bool = False,
) -> Locked:
    """As `lock_tasks`, for one."""
    return lock_tasks(session, [task_id], actor, board=board, deleted=deleted)[0]


def lock_tasks(
    session: Session,
    task_ids: Collection[int],
    actor: Actor,
    *,
    board: Board | None = None,
    deleted: bool = False,
) -> Sequence[Locked]:
    """The tasks, by id; with `board`, its project is kept as it is, too.

    Projects first, then tasks, each by id. Raises NotFound (with the ids) where one does not exist,
    is deleted (unless `deleted`) or is not seen by `actor`; Conflict for an archived project.
    """
    wanted = sorted(set(task_ids))
    homes = set(session.scalars(select(Task.project_id).where(Task.id.in_(wanted))))
    projects = _share(session, homes | ({board.project_id} if board else set()))
    tasks = session.scalars(
        select(Task)
        .where(Task.id.in_(wanted))
        .order_by(Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not {task.project_id for task in tasks} <= homes:
        raise Conflict("The task is being moved to another project just now; try again.")
    roles = roles_in(session, [each for each in projects if each is not None], actor)
    locked = [
        Locked(
            task,
            projects.get(task.project_id),
            policy.standing_to(task, actor, roles.get(task.project_id)),
        )
        for task in tasks
    ]
    _check(locked, wanted, deleted=deleted)
    return locked


def _share(session: Session, project_ids: Collection[int | None]) -> dict[int | None, Project]:
    found: dict[int | None, Project] = {}
    for project_id in sorted(each for each in project_ids if each is not None):
        project = share_project(session, project_id)
        if project is not None and project.deleted_at is None:
            found[project_id] = project
    return found


def _check(locked: Sequence[Locked], wanted: Sequence[int], *, deleted: bool) -> None:
    there = {each.task.id for each in locked if _is_there(each, deleted=deleted)}
    missing = [task_id for task_id in wanted if task_id not in there]
    if missing:
        several = "There are no such tasks: " + ", ".join(map(str, missing)) + "."
        detail = "There is no such task." if len(wanted) == 1 else several
        raise NotFound(detail, extra={"missing": missing})
    for each in locked:
        if each.project is not None:
            check_writable(each.project)


def _is_there(each: Locked, *, deleted: bool) -> bool:
    is_gone = each.task.deleted_at is not None and not deleted
    has_home = each.task.project_id is None or each.project is not None
    return each.standing.sees and has_home and not is_gone
