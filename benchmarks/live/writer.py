"""Carries out the steps of a plan by the service's own functions, so many a second.

`python -m benchmarks.live.writer <world> <steps> <moments> <rate>`: files of JSON. It says that it
is ready, waits for a line, and in the end writes for each event the moment just after its commit,
and prints by how many seconds its last change was late.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from app.comments import service as comments
from app.core.db import unit_of_work
from app.core.events import EventRecord
from app.extensions import db
from app.projects import service as projects
from app.projects.models import ProjectRole
from app.tasks import service as tasks
from app.users.actor import Actor
from app.users.models import User
from benchmarks.live.pacing import at_rate, read_lines, ready_then_go, write_lines
from benchmarks.live.people import World, new_task
from benchmarks.live.plan import Step


class Moments:
    """When each event was committed: the clock is read right after the database's answer."""

    def __init__(self, session: Session) -> None:
        self.of: dict[str, float] = {}
        self._fresh: list[str] = []
        event.listen(session, "after_flush", self._note)
        event.listen(session, "after_commit", self._stamp)

    def _note(self, session: Session, _context: object) -> None:
        self._fresh += [str(each.event_id) for each in session.new if isinstance(each, EventRecord)]

    def _stamp(self, _session: Session) -> None:
        now = time.time()
        self.of |= dict.fromkeys(self._fresh, now)
        self._fresh.clear()


class Writer:
    """Changes the world; each step is one transaction."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._root = Actor.of(db.session.get_one(User, world.root))
        self._count = 0
        db.session.rollback()

    def act(self, step: Step) -> None:
        """Carry out one step."""
        self._count += 1
        with unit_of_work() as session:
            getattr(self, f"_{step.kind}")(session, step)

    def _update(self, session: Session, step: Step) -> None:
        data = {"title": f"Change {self._count}"}
        self._edit(session, step, data)

    def _create(self, session: Session, step: Step) -> None:
        board = self._world.boards[step.project]
        new_task(session, f"New {self._count}", board, actor=self._root)

    def _comment(self, session: Session, step: Step) -> None:
        data = {"body": f"Comment {self._count}.", "parent": None}
        comments.add_comment(session, self._world.tasks[step.task], data, actor=self._root)

    def _private(self, session: Session, step: Step) -> None:
        people = self._world.people
        reporter = Actor.of(session.get_one(User, people[step.person]))
        other = people[(step.person + 1) % len(people)]
        new_task(session, f"Private {self._count}", None, actor=reporter, assignee=other)

    def _move(self, session: Session, step: Step) -> None:
        self._edit(session, step, {"board": self._world.boards[step.project]})

    def _remove(self, session: Session, step: Step) -> None:
        place, person = self._world.projects[step.project], self._world.people[step.person]
        projects.remove_member(session, place, person, actor=self._root)

    def _add(self, session: Session, step: Step) -> None:
        member = {"user": self._world.people[step.person], "role": ProjectRole.MEMBER}
        projects.add_member(session, self._world.projects[step.project], member, actor=self._root)

    def _edit(self, session: Session, step: Step, data: dict[str, Any]) -> None:
        task = self._world.tasks[step.task]
        tasks.update_task(session, task, data, actor=self._root, version=None)


def main() -> None:
    """Carry out all steps."""
    world, steps, moments = (Path(name) for name in sys.argv[1:4])
    todo = [Step(**row) for row in read_lines(steps)]
    app = create_app()
    with app.app_context():
        writer = Writer(World(**json.loads(world.read_text())))
        noted = Moments(db.session())
        ready_then_go()
        late = at_rate(todo, float(sys.argv[4]), writer.act)
        db.session.remove()
    write_lines(moments, noted.of.items())
    sys.stdout.write(f"{late}\n")


if __name__ == "__main__":
    main()
