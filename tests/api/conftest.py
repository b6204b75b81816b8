"""Projects with members and boards."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from app.boards.lifecycle import Status
from app.boards.models import Board, BoardColumn
from app.core import clock, events
from app.core.db import unit_of_work
from app.extensions import db
from app.projects.events import MemberRemoved, ProjectDeleted, about_member, about_project
from app.projects.models import Project, ProjectMember, ProjectRole
from app.reports.queries import miscounted
from tests.conftest import Person

TASKS = "/api/v1/tasks/"
COLUMNS = tuple(Status)


@dataclass
class ProjectMade:
    """A project with one board, and what its people would do to it."""

    app: Flask
    id: int
    board_id: int
    owner: Person

    def task(self, person: Person | None = None, **fields: Any) -> dict[str, Any]:
        """A new task on the board, by the owner where nobody else is named."""
        return (person or self.owner).create_task(**{"board": self.board_id} | fields)

    def add_board(self, columns: Sequence[Status] = COLUMNS) -> int:
        with self.app.app_context(), unit_of_work() as session:
            return _make_board(session, self.id, columns)

    def change(self, **values: Any) -> None:
        with self.app.app_context(), unit_of_work() as session:
            session.execute(update(Project).where(Project.id == self.id).values(values))

    def limit(self, status: str, wip_limit: int | None) -> None:
        with self.app.app_context(), unit_of_work() as session:
            session.execute(
                update(BoardColumn)
                .where(BoardColumn.board_id == self.board_id, BoardColumn.status == status)
                .values(wip_limit=wip_limit)
            )

    def add(self, person: Person, role: str = "MEMBER") -> None:
        with self.app.app_context(), unit_of_work() as session:
            session.add(
                ProjectMember(project_id=self.id, user_id=person.id, role=ProjectRole(role))
            )

    def remove(self, person: Person) -> None:
        with self.app.app_context(), unit_of_work() as session:
            session.get_one(Project, self.id, with_for_update=True)
            member = session.get_one(ProjectMember, (self.id, person.id))
            session.delete(member)
            events.record(about_member(member, MemberRemoved, actor_id=self.owner.id))

    def delete(self, *, removing: Sequence[Person] = ()) -> None:
        """Delete it, and its members with it, in one unit of work."""
        with self.app.app_context(), unit_of_work() as session:
            for person in removing:
                member = session.get_one(ProjectMember, (self.id, person.id))
                session.delete(member)
                events.record(about_member(member, MemberRemoved, actor_id=self.owner.id))
            project = session.get_one(Project, self.id, with_for_update=True)
            project.deleted_at = clock.now()
            events.record(about_project(project, ProjectDeleted, actor_id=self.owner.id))

    def cell(self, person: Person, status: str, board: int | None = None) -> list[int]:
        """The ids of one column from top to bottom, as the list of tasks has them."""
        query = f"board={board or self.board_id}&status={status}&ordering=position&page_size=100"
        return [task["id"] for task in person.get(f"{TASKS}?{query}").json["results"]]


def _make_board(session: Any, project_id: int, columns: Sequence[Status]) -> int:
    board = Board(project_id=project_id, name="Board", position=1)
    session.add(board)
    session.flush()
    session.add_all(
        BoardColumn(board_id=board.id, name=status.value.title(), status=status, position=place)
        for place, status in enumerate(columns, 1)
    )
    return int(board.id)


@pytest.fixture
def make_project(app: Flask) -> Callable[..., ProjectMade]:
    """Makes projects with one board; the owner is a member with the role ADMIN."""

    def make(
        owner: Person,
        members: Mapping[Person, str] | None = None,
        columns: Sequence[Status] = COLUMNS,
    ) -> ProjectMade:
        with app.app_context(), unit_of_work() as session:
            project = Project(name="Project", owner_id=owner.id)
            session.add(project)
            session.flush()
            for person, role in [(owner, "ADMIN"), *(members or {}).items()]:
                session.add(
                    ProjectMember(project_id=project.id, user_id=person.id, role=ProjectRole(role))
                )
            made = ProjectMade(app, project.id, 0, owner)
            made.board_id = _make_board(session, project.id, columns)
        return made

    return make


@pytest.fixture
def rows(app: Flask) -> Callable[..., Sequence[Any]]:
    """Runs SQL and answers its rows."""

    def run(statement: str, **values: Any) -> Sequence[Any]:
        with app.app_context(), db.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    return run


@pytest.fixture
def wrong_counts(app: Flask) -> Callable[[], int]:
    """How many report counters differ from the tasks."""

    def count() -> int:
        with app.app_context():
            return miscounted(db.session())

    return count


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What the calls answer, made at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def versions(rows: Callable[..., Sequence[Any]]) -> dict[int, int]:
    """The version of each task."""
    return dict(rows("SELECT id, version FROM tasks"))


def events_of(person: Person, task_id: int) -> list[dict[str, Any]]:
    """The history of a task, newest first."""
    found = person.get(f"{TASKS}{task_id}/history/?page_size=100").json["results"]
    return list(found)


def twin(person: Person) -> Person:
    """The same person at another device: a client is good for one thread only."""
    return replace(person, client=person.client.application.test_client())
