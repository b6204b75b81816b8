"""People, tasks, and as many events about them as are asked for, by the service's own functions.

Of each task's events the first creates it, every third one is a comment that mentions two people,
and all others change its title; the assignee is mailed about the changes.
"""

import threading
from collections.abc import Iterator, Sequence

from flask import Flask
from sqlalchemy import text

from app.boards.lifecycle import Status
from app.comments import service as comments
from app.core.db import unit_of_work
from app.extensions import db
from app.projects import service as projects
from app.projects.models import ProjectRole
from app.tasks import service as tasks
from app.tasks.models import Priority
from app.users import service as users
from app.users.actor import Actor
from app.users.models import Role

PEOPLE = 24
EVENTS_PER_TASK = 20
AT_ONCE = 25
"""Tasks that are changed in one transaction."""

# An id of the event and of the user for each mail; every event of the load owes some.
OWED = """
SELECT e.event_id::text, (e.snapshot ->> 'assignee')::bigint FROM events e
WHERE e.type IN ('task.created', 'task.updated')
UNION ALL
SELECT e.event_id::text, person::bigint
FROM events e, jsonb_array_elements_text(e.snapshot -> 'mentions') AS person
WHERE e.type = 'comment.created'
"""


class Writer(threading.Thread):
    """Writes `events` events about tasks; `written` tells how far it is, `mails` what they owe."""

    def __init__(self, app: Flask, events: int) -> None:
        super().__init__(daemon=True)
        self._app = app
        self._events = events
        self._tasks: list[int] = []
        self.written = self.mails = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with self._app.app_context():
                self._write()
                db.session.remove()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.failure = error

    def prepare(self) -> None:
        """Make the people and a project with a board for the tasks."""
        with unit_of_work() as session:
            root = users.create(session, _account("root", Role.ADMIN))
            people = [
                users.create(session, _account(f"person{n}", Role.MEMBER)) for n in range(PEOPLE)
            ]
            self._actor, self._people = Actor.of(root), [person.id for person in people]
        with unit_of_work() as session:
            data = {"name": "Faults", "description": ""}
            project = projects.create_project(session, data, actor=self._actor).id
        with unit_of_work() as session:
            for person in self._people:
                member = {"user": person, "role": ProjectRole.MEMBER}
                projects.add_member(session, project, member, actor=self._actor)
        self._board: int = db.session.execute(
            text("SELECT id FROM boards WHERE project_id = :id"), {"id": project}
        ).scalar_one()
        db.session.rollback()

    def _write(self) -> None:
        for round_number, numbers in self._steps():
            is_comment = round_number % 3 == 2
            with unit_of_work() as session:
                if round_number == 0:
                    created = [self._create(session, n) for n in numbers]
                elif is_comment:
                    for n in numbers:
                        self._comment(session, n, round_number)
                else:
                    ids, data = [self._tasks[n] for n in numbers], {"title": f"Step {round_number}"}
                    tasks.change_tasks(session, ids, data, actor=self._actor)
            if round_number == 0:
                self._tasks += created
            self.written += len(numbers)
            self.mails += len(numbers) * (2 if is_comment else 1)

    def _steps(self) -> Iterator[tuple[int, Sequence[int]]]:
        """Round by round the numbers of the tasks, AT_ONCE at a time, until it is enough."""
        left = self._events
        count = -(-self._events // EVENTS_PER_TASK)
        for round_number in range(EVENTS_PER_TASK):
            for first in range(0, count, AT_ONCE):
                numbers = range(first, min(first + AT_ONCE, count, first + left))
                if numbers:
                    yield round_number, numbers
                left -= len(numbers)

    def _create(self, session: object, n: int) -> int:
        data = {
            "title": f"Task {n}",
            "description": "",
            "status": Status.TODO,
            "priority": Priority.MEDIUM,
            "board": self._board,
            "assignee": self._people[n % PEOPLE],
            "due_date": None,
            "estimated_hours": None,
        }
        return tasks.create_task(session, data, actor=self._actor).id

    def _comment(self, session: object, n: int, round_number: int) -> None:
        names = " and ".join(f"@person{(n + far) % PEOPLE}" for far in (1, 2))
        data = {"body": f"{names}: have a look at step {round_number}.", "parent": None}
        comments.add_comment(session, self._tasks[n], data, actor=self._actor)


def _account(name: str, role: Role) -> dict[str, object]:
    account = {"username": name, "email": f"{name}@example.com", "role": role}
    return account | {"password": "only for a benchmark"}
