"""Make a report of many tasks in each format; print the time, the size and the memory of each.

Beside each stands the plain way: load every task as an object, then write them all. Each is done by
a process of its own, so that the peak of its memory is its own, and in turns, since these machines
are noisy: quote the ratios. At last the plans of the queries behind a summary.
"""

import argparse
import csv
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from app import create_app
from app.config import explicit_settings
from app.core.db import snapshot, unit_of_work
from app.exchange.columns import NAMES
from app.extensions import db
from app.reports import running, service
from app.reports.models import Format, ReportJob
from app.reports.periods import Period
from app.reports.summary import counted
from app.tasks.models import Task
from app.users import service as users
from app.users.actor import Actor
from app.users.models import Role, User
from benchmarks.dataset import ANALYZE, load_tasks
from benchmarks.plans import explain, nodes, recorded
from embedded import throwaway_servers


class Measured(NamedTuple):
    """What one process has to say."""

    seconds: float
    size: int
    growth: float


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def make_app(database_url: str, redis_url: str, folder: str) -> Flask:
    return create_app(
        explicit_settings(
            SECRET_KEY="benchmark-" + "x" * 32,
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            DATA_DIR=Path(folder),
            LOG_LEVEL="WARNING",
        )
    )


def megabytes(field: str) -> float:
    """`VmRSS` or `VmHWM`; getrusage would begin with what the parent had before the exec."""
    status = Path("/proc/self/status").read_text()
    return (
        int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) / 1024
    )


def by_job(report_format: str) -> int:
    """What the worker does, by itself; returns the size of the file."""
    with unit_of_work() as session:
        actor = Actor.of(session.get_one(User, 1))
        data = {"format": Format(report_format), "title": "", "query": {}}
        days = {"first_day": None, "last_day": None}
        number = service.create_report(session, data | days, actor=actor).id
    said = running.run_report(number)
    found = db.session.get(ReportJob, number, populate_existing=True)
    assert found is not None
    assert found.size, said
    return found.size


def by_objects(report_format: str) -> int:
    """The same columns of all tasks at once, or the same counts; returns the size."""
    db.session.execute(text("SET statement_timeout = 0"))
    tasks = db.session.scalars(select(Task)).all()
    names = dict(db.session.execute(select(User.id, User.username)).all())
    if report_format in ("pdf", "html"):
        counts = [
            Counter(getattr(task, name) for task in tasks)
            for name in ("status", "priority", "assignee_id")
        ]
        return len(json.dumps([list(map(str, each.items())) for each in counts]))
    rows = [
        [
            task.id, task.title, task.description, task.status.value, task.priority.value,
            names.get(task.assignee_id or 0), names[task.reporter_id], task.project_id,
            task.board_id, task.due_at, task.estimated_hours, task.created_at, task.updated_at,
            task.completed_at, task.sla_breached,
        ]
        for task in tasks
    ]  # fmt: skip
    return len(WRITERS[report_format](rows))


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([NAMES, *rows])
    return written.getvalue().encode()


def _json(rows: Sequence[Sequence[Any]]) -> bytes:
    return json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], default=str).encode()


def _xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True, "remove_timezone": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([NAMES, *rows]):
            sheet.write_row(place, 0, row)
    return written.getvalue()


WRITERS: dict[str, Callable[[Sequence[Sequence[Any]]], bytes]] = {
    "csv": _csv,
    "json": _json,
    "xlsx": _xlsx,
}


def measure(way: str, report_format: str) -> Measured:
    make = {"job": by_job, "objects": by_objects}[way]
    before, started = megabytes("VmRSS"), time.perf_counter()
    size = make(report_format)
    return Measured(time.perf_counter() - started, size, megabytes("VmHWM") - before)


def prepare(app: Flask, tasks: int) -> None:
    with app.app_context():
        upgrade()
        data = {"username": "root", "email": "root@x.org", "password": "only a benchmark"}
        with app.test_request_context(), unit_of_work() as session:
            root = users.create(session, data | {"role": Role.ADMIN}).id
        with unit_of_work() as session:
            load_tasks(session, root, tasks=tasks)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.execute(text("SET statement_timeout = 0"))
            for statement in ANALYZE:
                bare.execute(text(statement))


def compare(command: Sequence[str], env: dict[str, str], rounds: int) -> None:
    """A row for each format: medians of the job, and how the plain way relates to it."""
    say(
        f"{'format':8}{'seconds':>9}{'size':>10}{'growth':>10}{'objects: seconds':>18}{'growth':>9}"
    )
    for each in Format:
        pairs = []
        for _ in range(rounds):
            pair = []
            for way in ("job", "objects"):
                done = subprocess.run(  # noqa: S603 - ours
                    [*command, "--step", f"{way}:{each}"], env=env, check=True, capture_output=True
                )
                pair.append(Measured(*json.loads(done.stdout.splitlines()[-1])))
            pairs.append(pair)
        job = Measured(
            *(statistics.median(column) for column in zip(*(p[0] for p in pairs), strict=True))
        )
        slower, larger = (
            statistics.median(getattr(p[1], name) / max(getattr(p[0], name), 0.1) for p in pairs)
            for name in ("seconds", "growth")
        )
        say(
            f"{each:8}{job.seconds:7.1f} s{job.size / 1e6:7.1f} MB{job.growth:7.0f} MB"
            f"{slower:17.1f}×{larger:8.1f}×"
        )


def show_plans() -> None:
    """What PostgreSQL does for a summary, as an administrator and as a member."""
    root, member = db.session.get_one(User, 1), db.session.get_one(User, 2)
    today = datetime.now(UTC).date()
    for user in (root, member):
        actor = Actor.of(user)
        period = Period(today - timedelta(days=29), today, actor.zone)
        with recorded(db.engine) as found, snapshot() as session:
            session.execute(counted({}, period, actor)).all()
        plan = explain(db.engine, *found.statements[-1])
        said = " < ".join(
            f"{node['Node Type']} {node.get('Index Name', node.get('Relation Name', ''))}".strip()
            for node in nodes(plan)
        )
        say(f"summary of {user.role}: {plan['Execution Time']:.0f} ms: {said}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        app = make_app(*(os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR")))
        with app.app_context():
            say(json.dumps(measure(*options.step.split(":"))))
            return
    with throwaway_servers() as servers, tempfile.TemporaryDirectory() as folder:
        app = make_app(servers.database_url, servers.redis_url, folder)
        say(f"Loading {options.tasks:,} tasks …")
        prepare(app, options.tasks)
        env = os.environ | {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "DATA_DIR": folder,
        }
        compare([sys.executable, "-m", "benchmarks.reports"], env, options.rounds)
        with app.app_context():
            show_plans()
            db.session.remove()
            db.engine.dispose()


main()
