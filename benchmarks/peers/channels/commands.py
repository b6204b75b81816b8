"""What the measurement runs in the peer's environment.

`populate <people> <seed> <world>` fills the database, and `write <world> <steps> <noted> <rate>`
carries out changes; the files hold JSON.
"""

import json
import os
import sys
from itertools import chain
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.channels.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django first
from django.core.management import call_command  # noqa: E402

from benchmarks.live.pacing import at_rate, read_lines, ready_then_go, write_lines  # noqa: E402
from benchmarks.live.plan import TASKS_PER_PROJECT, Plan, Step  # noqa: E402
from benchmarks.peers.channels.changes import Writer  # noqa: E402
from benchmarks.peers.channels.models import Membership, Project, Task, Token  # noqa: E402


def populate(people: str, seed: str, world: str) -> None:
    """Make the tables, and in them what the steps of the plan are about."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    plan = Plan(int(people), seed=int(seed))
    users = User.objects.bulk_create(User(username=f"load{n}") for n in range(plan.people))
    keys = [f"{number:040d}" for number in range(plan.people)]
    Token.objects.bulk_create(
        Token(key=key, user=user) for key, user in zip(keys, users, strict=True)
    )
    projects = Project.objects.bulk_create(
        Project(name=f"Project {n}") for n in range(plan.projects)
    )
    Membership.objects.bulk_create(
        Membership(project=project, user=users[person])
        for number, project in enumerate(projects)
        for person in plan.members(number)
    )
    everywhere = chain.from_iterable([projects] * TASKS_PER_PROJECT)
    tasks = Task.objects.bulk_create(
        Task(title="A task", description="Written by a measurement.", project=project)
        for project in everywhere
    )
    made = {"people": users, "projects": projects, "tasks": tasks}
    ids: dict[str, list[object]] = {name: [each.pk for each in rows] for name, rows in made.items()}
    Path(world).write_text(json.dumps(ids | {"tokens": keys}))


def write(world: str, steps: str, noted: str, rate: str) -> None:
    """Carry out the steps; note what was told to whom, and print how late the last one was."""
    todo = [Step(**row) for row in read_lines(Path(steps))]
    writer = Writer(json.loads(Path(world).read_text()))
    ready_then_go()
    late = at_rate(todo, float(rate), writer.act)
    write_lines(Path(noted), writer.noted)
    sys.stdout.write(f"{late}\n")


if __name__ == "__main__":
    {"populate": populate, "write": write}[sys.argv[1]](*sys.argv[2:])
