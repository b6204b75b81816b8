"""Import a file of many rows and export many tasks; print the time and the memory of each.

Each is done by a process of its own, so that the peak of its memory is its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.config import explicit_settings
from app.core.db import unit_of_work
from app.exchange import running, service
from app.exchange.export import export_tasks
from app.exchange.models import Mode, TaskImport
from app.exchange.uploads import Upload
from app.extensions import db
from app.users import service as users
from app.users.actor import Actor
from app.users.models import Role, User
from benchmarks.dataset import load_tasks
from embedded import throwaway_servers

PEOPLE = 50
STEPS = ("export", "check:100:", "all:100:", "valid:100:", "all:0:1")


def make_app(database_url: str, redis_url: str) -> Flask:
    settings = explicit_settings(
        SECRET_KEY="benchmark-" + "x" * 32,
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        DATA_DIR=Path(tempfile.gettempdir()),
        LOG_LEVEL="WARNING",
    )
    return create_app(settings)


def peak() -> str:
    # Not from getrusage, which begins with what the parent had before the exec.
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return f"peak RSS {int(kilobytes) / 1024:.0f} MB"


def make_file(rows: int, bad_every: int) -> bytes:
    lines = ["title,description,status,priority,assignee,due_date,estimated_hours,created_at"]
    for n in range(rows):
        bad = bad_every and n % bad_every == 0
        priority = "NONSENSE" if bad else ("LOW", "MEDIUM", "HIGH")[n % 3]
        status = ("TODO", "BACKLOG", "DONE", "pending")[n % 4]
        lines.append(
            f"Imported task {n},{'some words of description ' * 4},{status},{priority},"
            f"person{n % PEOPLE},2030-01-{1 + n % 28:02},{n % 9}.5,2025-{1 + n % 12:02}-03"
        )
    return "\n".join(lines).encode()


def run_import(app: Flask, mode: Mode, rows: int, bad_every: int, board: int | None) -> None:
    """What the worker does, by itself."""
    content = make_file(rows, bad_every)
    with app.app_context():
        with unit_of_work() as session:
            actor = Actor.of(session.get_one(User, 1))
            data = {"mode": mode, "board": board}
            number = service.create_import(session, data, Upload("x.csv", content), actor=actor).id
        before, started = peak(), time.perf_counter()
        while "goes on" in (said := running.run_import(number)):
            sys.stdout.write(f"  {said}\n")
        found = db.session.get(TaskImport, number, populate_existing=True)
        assert found is not None
        sys.stdout.write(
            f"import {mode} of {rows:,} rows ({len(content) / 1e6:.1f} MB, board {board}): "
            f"{time.perf_counter() - started:.1f} s, {found.state}, {found.imported} imported, "
            f"{found.failed} failed; {peak()} (before: {before})\n"
        )


def run_export(app: Flask) -> None:
    with app.app_context():
        actor = Actor.of(db.session.get_one(User, 1))
        before, started, lines, size = peak(), time.perf_counter(), 0, 0
        first = 0.0
        for line in export_tasks({}, actor):
            lines, size = lines + 1, size + len(line)
            first = first or (time.perf_counter() - started if lines == 2 else 0.0)
        sys.stdout.write(
            f"export of {lines - 1:,} tasks ({size / 1e6:.0f} MB): "
            f"{time.perf_counter() - started:.1f} s, first row after {first:.1f} s; "
            f"{peak()} (before: {before})\n"
        )


def prepare(app: Flask, tasks: int) -> None:
    with app.app_context():
        upgrade()
        for name, role in [
            ("root", Role.ADMIN),
            *((f"person{n}", Role.MEMBER) for n in range(PEOPLE)),
        ]:
            data = {"username": name, "email": f"{name}@x.org", "password": "only a benchmark"}
            with app.test_request_context(), unit_of_work() as session:
                users.create(session, data | {"role": role})
        with unit_of_work() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            load_tasks(session, 1, tasks=tasks)


def run_step(app: Flask, step: str, rows: int) -> None:
    """`export`, or `<mode>:<every nth row is bad, 0 for none>:<board>`."""
    if step == "export":
        return run_export(app)
    mode, bad_every, board = step.split(":")
    return run_import(app, Mode(mode), rows, int(bad_every), int(board) if board else None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.csv_files", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        app = make_app(os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
        run_step(app, options.step, options.rows)
        return
    with throwaway_servers() as servers:
        app = make_app(servers.database_url, servers.redis_url)
        prepare(app, options.tasks)
        with app.app_context():
            db.engine.dispose()
        env = os.environ | {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        command = [sys.executable, "-m", "benchmarks.csv_files", "--rows", str(options.rows)]
        for step in STEPS:
            subprocess.run([*command, "--step", step], env=env, check=True)  # noqa: S603 - ours


main()
