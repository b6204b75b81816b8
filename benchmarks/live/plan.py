"""Which changes are made: a list that both the service and its peer can carry out.

People, projects and tasks are numbered from 0. This module imports nothing of the service, because
the peer's writer runs in an environment of its own.
"""

import random
from dataclasses import dataclass

TASKS_PER_PROJECT = 10
PEOPLE_PER_PROJECT = 20

UPDATE, CREATE, COMMENT, PRIVATE, MOVE, REMOVE, ADD = (
    "update",
    "create",
    "comment",
    "private",
    "move",
    "remove",
    "add",
)
SHARES = {UPDATE: 66, CREATE: 10, COMMENT: 6, PRIVATE: 10, MOVE: 4, REMOVE: 2, ADD: 2}
"""Of a hundred changes."""


@dataclass(frozen=True)
class Step:
    """One change.

    `project` is where it happens, for `move` where the task goes. `person` is who is removed or
    added, or who makes a `private` task and gives it to the next person.
    """

    kind: str
    project: int = 0
    task: int = 0
    person: int = 0


class Plan:
    """Draws steps that are possible one after the other, from a seed; knows who is where."""

    def __init__(self, people: int, *, seed: int, joins: bool = True) -> None:
        self.people = people
        self.projects = max(2, people // PEOPLE_PER_PROJECT)
        self.tasks = self.projects * TASKS_PER_PROJECT
        self._random = random.Random(seed)
        self._shares = {kind: n for kind, n in SHARES.items() if joins or kind != ADD}
        self._members = {
            number: set(range(number, people, self.projects)) for number in range(self.projects)
        }
        self._place = [task % self.projects for task in range(self.tasks)]

    def members(self, project: int) -> set[int]:
        """Who takes part in a project after all steps that were drawn."""
        return set(self._members[project])

    def draw(self, count: int) -> list[Step]:
        """The next steps."""
        return [self._step() for _ in range(count)]

    def _step(self) -> Step:
        kind = self._random.choices(list(self._shares), list(self._shares.values()))[0]
        project = self._random.randrange(self.projects)
        if kind == REMOVE:
            return self._removal(project)
        if kind == ADD:
            return self._joining(project)
        if kind == PRIVATE:
            return Step(PRIVATE, person=self._random.randrange(self.people))
        if kind == CREATE:
            return Step(CREATE, project)
        task = self._random.randrange(self.tasks)
        if kind == MOVE and project != self._place[task]:
            self._place[task] = project
            return Step(MOVE, project, task)
        return Step(UPDATE if kind == MOVE else kind, self._place[task], task)

    def _removal(self, project: int) -> Step:
        # Half of the audience stays, whatever the length of the run.
        if len(self._members[project]) <= PEOPLE_PER_PROJECT // 2:
            return Step(CREATE, project)
        person = self._random.choice(sorted(self._members[project]))
        self._members[project].discard(person)
        return Step(REMOVE, project, person=person)

    def _joining(self, project: int) -> Step:
        person = self._random.randrange(self.people)
        if person in self._members[project]:
            return Step(CREATE, project)
        self._members[project].add(person)
        return Step(ADD, project, person=person)
