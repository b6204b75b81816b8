"""`flask jobs`: see the scheduled jobs, what they did, and run one now, in the foreground."""

import click
from flask.cli import AppGroup

from app.core.db import snapshot
from app.schedule import queries
from app.schedule.models import ScheduledRun
from app.schedule.running import run_by_hand
from app.schedule.table import BY_NAME

jobs = AppGroup("jobs", help="List and run the scheduled jobs.")

MINUTES = "%Y-%m-%d %H:%M"


@jobs.command("list")
def list_jobs() -> None:
    """List the scheduled jobs: when each runs, and what came of its last run."""
    with snapshot() as session:
        found = queries.read_jobs(session)
    for entry, next_at, last_run in found:
        following = next_at.astimezone(queries.service_zone())
        click.echo(f"{entry.name:28} {entry.cron:14} next {following:{MINUTES}}")
        click.echo(f"    {entry.description}")
        click.echo(f"    {_told(last_run) if last_run else 'no run yet'}")


@jobs.command("run")
@click.argument("name", type=click.Choice(list(BY_NAME)))
def run_job(name: str) -> None:
    """Run the job NAME now and print what it did."""
    click.echo(run_by_hand(name))


@jobs.command("history")
@click.argument("name", type=click.Choice(list(BY_NAME)), required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def show_history(name: str | None, limit: int) -> None:
    """Show the last runs, of the job NAME or of all, newest first."""
    query = {"page": 1, "page_size": limit} | ({"job": name} if name else {})
    with snapshot() as session:
        _, runs = queries.read_runs(session, query)
    for run in runs:
        click.echo(f"{run.name:28} {_told(run)}")


def _told(run: ScheduledRun) -> str:
    """A run in one line: its moment, how it went, and what it said."""
    tick = run.tick_at.astimezone(queries.service_zone())
    took = f" in {run.seconds:.1f} s" if run.seconds is not None else ""
    tried = f", attempt {run.attempts}" if run.attempts > 1 else ""
    said = run.error or run.result
    hand = " by hand" if run.by_hand else ""
    return f"{tick:{MINUTES}}{hand} {run.state}{took}{tried}" + (f": {said}" if said else "")
