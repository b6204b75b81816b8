"""`flask reports check`: recount everything and compare with the kept counters."""

import click
from flask.cli import AppGroup

from app.core.db import snapshot
from app.reports.queries import miscounted

reports = AppGroup("reports", help="Look after the report counters.")


@reports.command("check")
def check() -> None:
    """Recount all tasks and compare; exits 1 where a counter is wrong."""
    with snapshot() as session:
        wrong = miscounted(session)
    click.echo("All counters are right." if wrong == 0 else f"{wrong} counters are wrong.")
    raise SystemExit(min(wrong, 1))
