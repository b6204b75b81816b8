"""Lists of tasks: which page of which order. They leave PostgreSQL as JSON text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.errors import Invalid
from app.core.pagination import Cursor, Keyset, SortKey, cursor_links, url_with
from app.projects.models import ProjectMember
from app.tasks import filters, policy
from app.tasks.models import Task
from app.tasks.queries import COMMENTS, task_json
from app.tasks.search import Search
from app.users.actor import Actor

SORTABLE: dict[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
    "id": Task.id,
    "title": Task.title,
    "status": Task.status,
    "priority": Task.priority,
    "assignee": Task.assignee_id,
    "reporter": Task.reporter_id,
    "project": Task.project_id,
    "board": Task.board_id,
    "position": Task.position,
    "due_date": Task.due_at,
    "estimated_hours": Task.estimated_hours,
    "sla_breached": Task.sla_breached,
    "version": Task.version,
    "created_at": Task.created_at,
    "updated_at": Task.updated_at,
    "completed_at": Task.completed_at,
}
_NULLABLE = {
    "assignee",
    "board",
    "completed_at",
    "due_date",
    "estimated_hours",
    "position",
    "project",
}
RELEVANCE = "relevance"


@dataclass(frozen=True)
class TaskPage:
    """A page of a list: its tasks as JSON texts, how many match in all, the pages beside it."""

    count: int
    next: str | None
    previous: str | None
    texts: Sequence[str]


@dataclass(frozen=True)
class Window:
    """Which rows of an order a page needs: those that match, in order, at most `limit`."""

    conditions: Sequence[ColumnElement[bool]]
    ordering: Sequence[ColumnElement[Any]]
    limit: int

    def apply(self, rows: Select[int]) -> Select[int]:
        """`rows`, narrowed, ordered and cut."""
        return rows.where(*self.conditions).order_by(*self.ordering).limit(self.limit)


@dataclass(frozen=True)
class TaskRows:
    """Rows of a list: their JSON texts, and the values by which each is sorted."""

    texts: Sequence[str]
    keys: Sequence[Sequence[Any]]
    has_more: bool


class Listing:
    """One request for a list: what is asked for, by whom, in which order.

    `query` is a TaskQuerySchema. Raises Invalid for an order that there is not, a search for
    nothing and a date beyond the calendar.
    """

    def __init__(self, query: Mapping[str, Any], actor: Actor) -> None:
        self._query, self._actor = query, actor
        self._search = Search(query["search"]) if query.get("search") else None
        self._conditions = filters.conditions(query, actor)
        if self._search:
            self._conditions.append(self._search.matches)
        default = RELEVANCE if self._search else "-created_at"
        self.order = keyset(query.get("ordering", default), self._search)

    def page(self, session: Session, cursor: Cursor | None) -> TaskRows:
        """The page that is asked for, by cursor or by number.

        Each branch of what the caller sees is read in order through its own index, and no further
        than the page needs; then the branches are merged.
        """
        backwards = cursor is not None and cursor.backwards
        beyond = [self.order.beyond(cursor)] if cursor is not None else []
        size = self._query["page_size"]
        skipped = (self._query.get("page", 1) - 1) * size
        ordering = self.order.order_by(backwards=backwards)
        window = Window([*self._conditions, *beyond], ordering, skipped + size + 1)
        rows = session.execute(
            select(self._text(), *(key.column for key in self.order.keys))
            .where(Task.id.in_(_merged(self._branches(), self._actor, window)))
            .order_by(*ordering)
            .limit(size + 1)
            .offset(skipped)
        ).all()
        return _task_rows(rows, size, backwards)

    def count(self, session: Session) -> int:
        """How many visible tasks match in all."""
        counts = [
            select(func.count()).select_from(Task).where(branch.condition, *self._conditions)
            for branch in self._branches()
        ]
        return sum(session.execute(union_all(*counts)).scalars())

    def everything(self, rows: Select[Any]) -> Select[Any]:
        """`rows` of tasks, narrowed to all that match and are visible, in order."""
        visible = or_(*(branch.condition for branch in self._branches()))
        return rows.where(visible, *self._conditions).order_by(*self.order.order_by())

    def _text(self) -> ColumnElement[str]:
        if self._search is None:
            return task_json()
        return task_json({**COMMENTS, "snippet": self._search.snippet})

    def _branches(self) -> list[policy.Branch]:
        """The parts of what the caller sees that can hold what is asked for."""
        if filters.is_for_caller(self._query, self._actor):
            return policy.assigned_to(self._actor)
        if filters.involves_caller(self._query, self._actor):
            return policy.involving(self._actor)
        branches = policy.visible_to(self._actor)
        if self._search is None:
            return branches
        # The index of the words answers for all of them at once, whatever the order.
        return [policy.Branch(or_(*(branch.condition for branch in branches)))]


def find_page(session: Session, query: Mapping[str, Any], actor: Actor) -> TaskPage:
    """A page by number where one is asked for, else by cursor.

    Raises what `Listing` raises, and Invalid for a cursor of another list.
    """
    if "page" in query and "cursor" in query:
        raise Invalid.field("page", "cannot be combined with cursor; send one of them")
    listing = Listing(query, actor)
    cursor = listing.order.decode(query["cursor"]) if "cursor" in query else None
    rows, count = listing.page(session, cursor), listing.count(session)
    if "page" in query:
        links = _numbered_links(query["page"], rows)
    else:
        links = cursor_links(listing.order, cursor, rows.keys, has_more=rows.has_more)
    return TaskPage(count, *links, rows.texts)


def _numbered_links(page: int, rows: TaskRows) -> tuple[str | None, str | None]:
    following = url_with(page=page + 1) if rows.has_more else None
    return following, url_with(page=page - 1) if page > 1 else None


def keyset(ordering: str, search: Search | None = None) -> Keyset:
    """The order that `ordering` (`-priority,due_date`) asks for. Raises Invalid."""
    sortable = dict(SORTABLE)
    if search is not None:
        sortable[RELEVANCE] = search.relevance
    keys = []
    for part in ordering.split(","):
        name = part.strip().removeprefix("-")
        if name not in sortable:
            raise Invalid.field("ordering", _unknown_order(name, sortable))
        # The best match comes first; everything else rises unless a minus says otherwise.
        descending = part.strip().startswith("-") != (name == RELEVANCE)
        keys.append(SortKey(name, sortable[name], descending, name in _NULLABLE))
    if "id" not in (key.name for key in keys):
        keys.append(SortKey("id", Task.id, keys[-1].descending))
    return Keyset(keys)


def _unknown_order(name: str, sortable: Mapping[str, Any]) -> str:
    if name == RELEVANCE:
        return "relevance needs something to search for"
    return f"cannot sort by {name!r}; allowed are {', '.join(sortable)}"


def tasks_created_between(
    session: Session, bounds: tuple[datetime, datetime], actor: Actor, limit: int
) -> Sequence[str]:
    """The visible tasks created in `[start, end)`, newest first, as texts of TaskOfDaySchema."""
    start, end = bounds
    created = [Task.deleted_at.is_(None), Task.created_at >= start, Task.created_at < end]
    newest: list[ColumnElement[Any]] = [Task.created_at.desc(), Task.id.desc()]
    page = _merged(policy.visible_to(actor), actor, Window(created, newest, limit))
    rows = select(task_json({})).where(Task.id.in_(page)).order_by(*newest).limit(limit)
    return session.scalars(rows).all()


def _merged(branches: Sequence[policy.Branch], actor: Actor, window: Window) -> Select[int]:
    """The ids of the first `window.limit` rows of every branch, and of every project of one."""
    found = [
        _of_every_project(actor, window) if branch.per_project else _of_branch(branch, window)
        for branch in branches
    ]
    merged = union_all(*found).subquery()
    return select(merged.c.id)


def _of_branch(branch: policy.Branch, window: Window) -> Select[int]:
    rows = window.apply(select(Task.id).where(branch.condition)).subquery()
    return select(rows.c.id)


def _of_every_project(actor: Actor, window: Window) -> Select[int]:
    """Each project is read in order through its index, and no further than the page needs."""
    in_project = select(Task.id).where(Task.project_id == ProjectMember.project_id)
    rows = window.apply(in_project.correlate(ProjectMember)).lateral()
    return (
        select(rows.c.id)
        .select_from(ProjectMember)
        .join(rows, true())
        .where(ProjectMember.user_id == actor.id)
    )


def _task_rows(rows: Sequence[Any], size: int, backwards: bool) -> TaskRows:
    kept = list(rows[:size])
    if backwards:
        kept.reverse()
    return TaskRows(
        texts=[row[0] for row in kept],
        keys=[row[1:] for row in kept],
        has_more=len(rows) > size,
    )
