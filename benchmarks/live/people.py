"""The people, projects and tasks that the steps of a plan are about, in the service's database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.auth import tokens
from app.auth.service import open_session
from app.boards.lifecycle import Status
from app.core.db import unit_of_work
from app.projects import service as projects
from app.projects.models import ProjectRole
from app.tasks import service as tasks
from app.tasks.models import Priority
from app.users import service as users
from app.users.actor import Actor
from app.users.models import Role, User
from benchmarks.dataset import USERS
from benchmarks.live.plan import TASKS_PER_PROJECT, Plan

BOARDS = "SELECT id FROM boards WHERE project_id = ANY(:ids) ORDER BY project_id"


@dataclass(frozen=True)
class World:
    """The ids in the order of the plan's numbers; `root` is the administrator."""

    root: int
    people: list[int]
    projects: list[int]
    boards: list[int]
    tasks: list[int]


def populate(plan: Plan) -> World:
    """Make all of it by the service's own functions; only the accounts are made by one statement.

    Needs an application context.
    """
    with unit_of_work() as session:
        made = users.create(session, _account())
        root = Actor.of(made)
        people = sorted(session.scalars(text(USERS), {"users": plan.people}))
    places = [_project(plan, number, people, root) for number in range(plan.projects)]
    with unit_of_work() as session:
        boards = list(session.scalars(text(BOARDS), {"ids": places}))
    made_tasks = [_tasks(boards, number, root) for number in range(TASKS_PER_PROJECT)]
    # Task n is in project n % projects.
    return World(root.id, people, places, boards, [task for row in made_tasks for task in row])


def sign_in(app: Flask, people: Sequence[int]) -> list[str]:
    """A session and an access token for each of them, without asking for passwords."""
    with app.test_request_context(), unit_of_work() as session:
        opened = [open_session(session, session.get_one(User, person)) for person in people]
        session.flush()
        return [tokens.issue(each)["access"] for each in opened]


def new_task(session: Session, title: str, board: int | None, *, actor: Actor, **more: Any) -> int:
    """Create a task as the API does."""
    data = {
        "title": title,
        "description": "Written by a measurement.",
        "status": Status.TODO,
        "priority": Priority.MEDIUM,
        "board": board,
        "assignee": None,
        "due_date": None,
        "estimated_hours": None,
    }
    return tasks.create_task(session, data | more, actor=actor).id


def _project(plan: Plan, number: int, people: Sequence[int], root: Actor) -> int:
    with unit_of_work() as session:
        data = {"name": f"Project {number}", "description": ""}
        project = projects.create_project(session, data, actor=root).id
    with unit_of_work() as session:
        for person in sorted(plan.members(number)):
            member = {"user": people[person], "role": ProjectRole.MEMBER}
            projects.add_member(session, project, member, actor=root)
    return project


def _tasks(boards: Sequence[int], number: int, root: Actor) -> list[int]:
    with unit_of_work() as session:
        return [new_task(session, f"Task {number}", board, actor=root) for board in boards]


def _account() -> dict[str, object]:
    account: dict[str, object] = {"username": "root", "email": "root@example.com"}
    return account | {"role": Role.ADMIN, "password": "only for a benchmark"}
