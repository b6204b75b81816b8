"""Taking in many tasks at once, by the rules of `create_task` (a test holds the two equal).

What the rules have to know of boards, columns and people is asked for once, not for each task.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fractional_indexing import generate_key_between
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.models import Board
from app.boards.queries import get_board
from app.core import clock
from app.core.errors import NotFound
from app.projects.models import Project, ProjectMember
from app.projects.permissions import Permission, Standing
from app.projects.queries import check_writable, share_project
from app.tasks import placement
from app.tasks.editing import (
    check_assignee,
    describe,
    no_such_board,
    no_such_user,
    set_status,
)
from app.tasks.events import TaskCreated
from app.tasks.models import Task
from app.tasks.placement import Cell, Room
from app.tasks.recording import record
from app.tasks.sla import is_breached
from app.users.actor import Actor
from app.users.models import User

Values = Mapping[str, Any]
"""A task as TaskCreateSchema loads it; an assignee that is still a name is nobody's."""


@dataclass(frozen=True)
class Place:
    """A board's project, and how the reporter stands to the board."""

    project: Project
    standing: Standing


class Intake:
    """New tasks that `actor` reports, in one transaction.

    With `lock` the boards `board_ids` and their projects are kept as they are until the commit, so
    that tasks can be created; without, tasks can only be checked.
    """

    def __init__(
        self, session: Session, actor: Actor, board_ids: Collection[int], *, lock: bool
    ) -> None:
        self._session, self._actor = session, actor
        self._rooms: dict[Cell, Room] = {}
        self._last: dict[Cell, str | None] = {}
        self._people: dict[int, User] = {}
        self._members: set[tuple[int, int]] = set()
        if lock:
            self._share_projects(board_ids)
        self._places = {board_id: self._find(board_id) for board_id in sorted(board_ids)}
        if lock:
            seen = [board_id for board_id, place in self._places.items() if place]
            placement.lock_boards(session, seen)

    def meet(self, people: Collection[int]) -> None:
        """Learn whether these people can have tasks."""
        new = set(people) - self._people.keys()
        if not new:
            return
        users = self._session.scalars(select(User).where(User.id.in_(new)))
        self._people |= {user.id: user for user in users}
        projects = {place.project.id for place in self._places.values() if place}
        members = select(ProjectMember.project_id, ProjectMember.user_id).where(
            ProjectMember.project_id.in_(projects), ProjectMember.user_id.in_(new)
        )
        self._members |= {
            (project_id, user_id) for project_id, user_id in self._session.execute(members)
        }

    def check(self, values: Values) -> None:
        """Find room for one more task. Raises what `create_task` raises."""
        place = self._place(values)
        cell = Cell(values["board"], values["status"]) if place else None
        room = self._room(cell) if cell else Room()
        if room.column is not None and room.left <= 0:
            raise placement.is_full(room.column)
        self._check_assignee(values["assignee"], place)
        if cell:
            self._rooms[cell] = room._replace(left=room.left - 1)

    def create(self, checked: Sequence[Values]) -> None:
        """Create tasks for which `check` has found room, with an event for each."""
        tasks = [self._make(values) for values in checked]
        self._session.add_all(tasks)
        self._session.flush()  # The events name the new ids.
        for task in tasks:
            record(task, TaskCreated, {}, actor_id=self._actor.id)
            # There may be very many of them, and nothing is asked of them any more.
            self._session.expunge(task)

    def _check_assignee(self, user_id: int | str | None, place: Place | None) -> None:
        if isinstance(user_id, str):
            raise no_such_user(user_id)
        if user_id is not None:
            belongs = place is None or (place.project.id, user_id) in self._members
            check_assignee(user_id, self._people.get(user_id), belongs=belongs)

    def _make(self, values: Values) -> Task:
        moment, place = clock.now(), self._place(values)
        created = values.get("created_at", moment)
        task = Task(reporter_id=self._actor.id, version=1, created_at=created, updated_at=moment)
        task.assignee_id, task.due_date_only = values["assignee"], False
        if place is not None:
            task.project_id, task.board_id = place.project.id, values["board"]
            task.position = self._next_place(Cell(values["board"], values["status"]))
        describe(task, values, self._actor.zone)
        set_status(task, values["status"])
        task.sla_breached = is_breached(task, place.project if place else None)
        return task

    def _place(self, values: Values) -> Place | None:
        board_id = values.get("board")
        if board_id is None:
            return None
        place = self._places.get(board_id)
        if place is None:
            raise no_such_board(board_id)
        place.standing.require(Permission.CREATE_TASK)
        check_writable(place.project)
        return place

    def _find(self, board_id: int) -> Place | None:
        try:
            _, project, standing = get_board(self._session, board_id, self._actor)
        except NotFound:
            return None
        return Place(project, standing)

    def _share_projects(self, board_ids: Collection[int]) -> None:
        homes = select(Board.project_id).where(Board.id.in_(board_ids)).distinct()
        for project_id in sorted(self._session.scalars(homes)):
            share_project(self._session, project_id)

    def _room(self, cell: Cell) -> Room:
        if cell not in self._rooms:
            self._rooms[cell] = placement.room_in(self._session, cell)
        return self._rooms[cell]

    def _next_place(self, cell: Cell) -> str:
        if cell not in self._last:
            self._last[cell] = placement.last_place(self._session, cell)
        place: str = generate_key_between(self._last[cell], None)
        self._last[cell] = place
        return place
