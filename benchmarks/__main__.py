"""Load many tasks into a throw-away database and time every list and the report.

Each row is one request of a person who sees a fifth of the tasks, or of an administrator: the
median of the whole request, and of its queries in PostgreSQL. The report is set beside the same
numbers counted from the tasks by one GROUP BY, in alternating rounds of the same run, since these
machines are noisy: quote the ratio.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.auth import tokens
from app.auth.service import open_session
from app.config import explicit_settings
from app.core.db import unit_of_work
from app.extensions import db
from app.users import service as users
from app.users.models import Role
from benchmarks.dataset import ANALYZE, load_tasks, word
from benchmarks.plans import explain, recorded
from embedded import throwaway_servers

# Two words of medium frequency: by the dataset each is in one task of ten to twenty.
SEARCHED = f"{word(60)}+{word(100)}"
PATHS = (
    "/api/v1/tasks/",
    "/api/v1/tasks/?page=40",
    "/api/v1/tasks/?status=TODO,IN_PROGRESS&priority=HIGH",
    "/api/v1/tasks/?ordering=-priority,due_date",
    "/api/v1/tasks/?overdue=true&ordering=due_date",
    "/api/v1/tasks/mine/",
    f"/api/v1/tasks/?search={SEARCHED}",
    f"/api/v1/tasks/?search={SEARCHED}&ordering=-created_at",
    f"/api/v1/tasks/?search={word(2)}",
    "/api/v1/tasks/?project={project}",
    "/api/v1/tasks/?sla_breached=true",
    "/api/v1/boards/{board}/",
    "/api/v1/reports/insight/",
)
GROUP_BY = """
SELECT status, priority, reporter_id, assignee_id, count(*),
       count(*) FILTER (WHERE due_at < now()) FROM tasks
WHERE deleted_at IS NULL AND CASE WHEN project_id IS NULL
      THEN :person IN (reporter_id, assignee_id)
      ELSE project_id IN (SELECT project_id FROM project_members WHERE user_id = :person) END
GROUP BY 1, 2, 3, 4
"""


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def make_person(app: Flask, name: str, role: Role) -> tuple[int, dict[str, str]]:
    """A user, and the header that signs its requests."""
    with app.test_request_context():
        data = {"username": name, "email": f"{name}@example.com", "password": "only a benchmark"}
        with unit_of_work() as session:
            user = users.create(session, data | {"role": role})
            opened = open_session(session, user)
        return user.id, {"Authorization": f"Bearer {tokens.issue(opened)['access']}"}


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """The median time of `action` in milliseconds."""
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def database_ms(statements: list[tuple[str, object]]) -> float:
    """The time that PostgreSQL takes for the SELECTs among `statements`."""
    reads = [pair for pair in statements if pair[0].lstrip().startswith("SELECT")]
    return sum(float(explain(db.engine, *each)["Execution Time"]) for each in reads)


def time_lists(
    app: Flask, people: dict[str, dict[str, str]], paths: Sequence[str], rounds: int
) -> None:
    """A row for each person and path."""
    client = app.test_client()
    say(f"{'who':7}{'path':56}{'queries':>8}{'request':>11}{'database':>11}")
    for who, headers in people.items():
        for path in paths:
            with recorded(db.engine) as found:
                assert client.get(path, headers=headers).status_code == 200
            request = median_ms(lambda p=path, h=headers: client.get(p, headers=h), rounds)
            database = database_ms(found.statements)
            count = len(found.statements)
            say(f"{who:7}{path:56}{count:8}{request:8.1f} ms{database:8.1f} ms")


def compare_report(app: Flask, person: int, headers: dict[str, str], rounds: int) -> None:
    """The kept counters beside one GROUP BY over the tasks, in turns."""
    client = app.test_client()

    def grouped() -> None:
        with db.engine.connect() as connection:
            connection.execute(text(GROUP_BY), {"person": person}).all()

    pairs = [
        (
            median_ms(lambda: client.get("/api/v1/reports/insight/", headers=headers), 3),
            median_ms(grouped, 3),
        )
        for _ in range(rounds)
    ]
    ratio = statistics.median(kept / counted for kept, counted in pairs)
    kept, counted = (statistics.median(column) for column in zip(*pairs, strict=True))
    say(
        f"report: whole request from counters {kept:.1f} ms, bare GROUP BY {counted:.1f} ms; "
        f"median ratio {ratio:.2f}"
    )


def compare_search(app: Flask, people: dict[str, dict[str, str]], rounds: int) -> None:
    """A search for two words beside the plain list, in turns."""
    client = app.test_client()
    for who, headers in people.items():
        pairs = []
        for _ in range(rounds):
            plain, found = (
                median_ms(lambda p=path, h=headers: client.get(p, headers=h), 3)
                for path in ("/api/v1/tasks/", f"/api/v1/tasks/?search={SEARCHED}")
            )
            pairs.append((plain, found))
        ratio = statistics.median(found / plain for plain, found in pairs)
        plain, found = (statistics.median(column) for column in zip(*pairs, strict=True))
        count = client.get(f"/api/v1/tasks/?search={SEARCHED}", headers=headers).json["count"]
        say(
            f"search of {who}, {count} found: {found:.1f} ms, plain list {plain:.1f} ms; "
            f"median ratio {ratio:.2f}"
        )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with throwaway_servers() as servers, tempfile.TemporaryDirectory() as folder:
        app = create_app(
            explicit_settings(
                SECRET_KEY="benchmark-" + "x" * 32,
                DATABASE_URL=servers.database_url,
                REDIS_URL=servers.redis_url,
                DATA_DIR=Path(folder),
                THROTTLE_USER_RATE="1000000/hour",
                LOG_LEVEL="WARNING",
            )
        )
        with app.app_context():
            upgrade()
            person, headers = make_person(app, "ada", Role.MEMBER)
            _, admin = make_person(app, "root", Role.ADMIN)
            say(f"Loading {options.tasks:,} tasks …")
            with unit_of_work() as session:
                session.execute(text("SET LOCAL statement_timeout = 0"))
                project = load_tasks(session, person, tasks=options.tasks)[0]
                board = session.scalar(
                    text("SELECT id FROM boards WHERE project_id = :id"), {"id": project}
                )
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
                bare.execute(text("SET statement_timeout = 0"))
                for statement in ANALYZE:
                    bare.execute(text(statement))
            people = {"member": headers, "admin": admin}
            paths = [path.format(project=project, board=board) for path in PATHS]
            time_lists(app, people, paths, options.rounds)
            compare_search(app, people, options.rounds)
            compare_report(app, person, headers, options.rounds)
            db.session.remove()
            db.engine.dispose()


main()
