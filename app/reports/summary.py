"""The numbers of a summary: one pass over the tasks that a query finds for somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sqlalchemy import Row, Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN, Status
from app.reports.periods import Period
from app.tasks.filters import is_overdue
from app.tasks.listing import Listing
from app.tasks.models import Priority, Task
from app.users.actor import Actor
from app.users.models import User

TOP = 10
OTHERS, NOBODY = "All others", "Not assigned"
"""With a space, which no username has."""

Counts = Mapping[str, int]
_COLUMNS = ("status", "priority", "assignee_id", "created", "completed", "closed")
_EVERYTHING = 2 ** len(_COLUMNS) - 1


@dataclass(frozen=True)
class Summary:
    """The numbers; `created`, `completed` and `open` have one for each step of the period.

    `open` are those at the end of the step. `total`, `overdue`, `breached` and the three
    distributions are about this moment, whatever the period.
    """

    period: Period
    total: int
    overdue: int
    breached: int
    by_status: Counts
    by_priority: Counts
    by_assignee: Counts
    created: Sequence[int]
    completed: Sequence[int]
    open: Sequence[int]

    @property
    def open_now(self) -> int:
        """The tasks with something left to do."""
        return sum(self.by_status[status] for status in OPEN)

    @property
    def done(self) -> int:
        """The tasks in DONE."""
        return self.by_status[Status.DONE]


def summarise(session: Session, query: Mapping[str, Any], period: Period, actor: Actor) -> Summary:
    """Count the tasks that `query` (ExportQuerySchema) finds for `actor`.

    Raises Invalid for what the list refuses.
    """
    rows = session.execute(counted(query, period, actor)).all()
    (whole,) = (row for row in rows if row.left_out == _EVERYTHING)
    by_status, by_priority = _totals(rows, "status"), _totals(rows, "priority")
    steps = range(1, len(period.bounds))
    created, completed, closed = (
        _totals(rows, name) for name in ("created", "completed", "closed")
    )
    # Step 0 is the time before the period.
    open_after = accumulate(created.get(n, 0) - closed.get(n, 0) for n in (0, *steps))
    return Summary(
        period=period,
        total=whole.tasks,
        overdue=whole.overdue,
        breached=whole.breached,
        by_status={status: by_status.get(status, 0) for status in Status},
        by_priority={each: by_priority.get(each, 0) for each in Priority},
        by_assignee=_busiest(session, _totals(rows, "assignee_id")),
        created=[created.get(n, 0) for n in steps],
        completed=[completed.get(n, 0) for n in steps],
        open=list(open_after)[1:],
    )


def counted(query: Mapping[str, Any], period: Period, actor: Actor) -> Select[Any]:
    """Every count by every column at once, so that the tasks are read a single time."""
    tasks = Listing(query, actor).everything(_columns(period)).order_by(None).subquery()
    columns = [tasks.c[name] for name in _COLUMNS]
    counts: Select[Any] = select(
        *columns,
        func.grouping(*columns).label("left_out"),
        func.count().label("tasks"),
        func.count().filter(tasks.c.overdue).label("overdue"),
        func.count().filter(tasks.c.breached).label("breached"),
    )
    return counts.group_by(func.grouping_sets(*map(tuple_, columns), tuple_()))


def _columns(period: Period) -> Select[*tuple[Any, ...]]:
    # Of a task that was cancelled or put away nobody noted when, but it has not changed since.
    closed = case(
        (Task.status == Status.DONE, Task.completed_at),
        (Task.status.not_in(OPEN), Task.updated_at),
    )
    return select(
        Task.status,
        Task.priority,
        Task.assignee_id,
        period.step_of(Task.created_at).label("created"),
        period.step_of(Task.completed_at).label("completed"),
        period.step_of(closed).label("closed"),
        is_overdue().label("overdue"),
        (Task.sla_breached & Task.status.in_(OPEN)).label("breached"),
    )


def _totals(rows: Sequence[Row[Any]], column: str) -> dict[Any, int]:
    """The tasks by the values of one column; GROUPING has a bit for each that was left out."""
    own_bit = 1 << (len(_COLUMNS) - 1 - _COLUMNS.index(column))
    return {
        getattr(row, column): row.tasks for row in rows if row.left_out == _EVERYTHING - own_bit
    }


def _busiest(session: Session, totals: Mapping[int | None, int]) -> Counts:
    """Username → tasks for the TOP busiest, then all others together, then those of nobody."""
    people = sorted(
        ((tasks, person) for person, tasks in totals.items() if person is not None),
        key=lambda pair: (-pair[0], pair[1]),
    )
    found = select(User.id, User.username).where(User.id.in_(person for _, person in people[:TOP]))
    names = dict(iter(session.execute(found)))
    counts = {names[person]: tasks for tasks, person in people[:TOP]}
    rest = {OTHERS: sum(tasks for tasks, _ in people[TOP:]), NOBODY: totals.get(None, 0)}
    return counts | {name: tasks for name, tasks in rest.items() if tasks} or {NOBODY: 0}
