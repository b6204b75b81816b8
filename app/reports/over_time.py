"""How many tasks were created and completed in each step of a period."""

from collections import Counter
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.reports.periods import Period
from app.tasks.models import Task
from app.tasks.policy import Branch, visible_to
from app.users.actor import Actor

_MOMENTS = {"created": Task.created_at, "completed": Task.completed_at}


def over_time(session: Session, period: Period, actor: Actor) -> dict[str, Any]:
    """The series (OverTimeSchema) over the tasks that `actor` sees, as they are now.

    Each branch of them is read through an index, and no further than the period goes.
    """
    branches = visible_to(actor)
    parts = [_counted(name, branch, period) for name in _MOMENTS for branch in branches]
    totals: Counter[tuple[str, int]] = Counter()
    for name, step, tasks in session.execute(union_all(*parts)):
        totals[name, step] += tasks
    return {
        "first_day": period.first,
        "last_day": period.last,
        "timezone": period.zone.key,
        "step": "day" if period.is_daily else "week",
        "points": [
            {"day": day} | {name: totals[name, number] for name in _MOMENTS}
            for number, day in enumerate(period.steps, 1)
        ],
    }


def _counted(name: str, branch: Branch, period: Period) -> Select[str, int, int]:
    moment, bounds = _MOMENTS[name], period.bounds
    step = period.step_of(moment).label("step")
    return (
        select(literal(name), step, func.count())
        .where(branch.condition, Task.deleted_at.is_(None))
        .where(moment >= bounds[0], moment < bounds[-1])
        .group_by(step)
    )
