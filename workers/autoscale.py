"""`flask autoscale`: one machine more where many tasks are being created, one fewer where few are.

Looks and decides once; by itself it changes nothing, `--apply` does. Meant to be run every few
minutes by whatever runs commands by the clock (docs/scaling.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import click
from sqlalchemy import Connection, text

from app import create_app
from app.clients.autoscaling import GroupState, ScalingError, ScalingGroup, make_scaling_group
from app.config import Settings, current_settings
from app.core import clock
from app.extensions import db
from app.tasks.queries import created_since

WINDOW = timedelta(hours=1)
_LOCK = "hashtext('autoscale')"


class Decision(NamedTuple):
    """The capacity to ask for, None to leave it, and why."""

    capacity: int | None
    why: str


def decide(settings: Settings, tasks: int, group: GroupState, now: datetime) -> Decision:
    """One step up above HIGH_THRESHOLD and one down below LOW_THRESHOLD, within the group's limits.

    A change that is under way the same way, or was begun within the cooldown, is left time to show
    its effect.
    """
    step = (tasks > settings.HIGH_THRESHOLD) - (tasks < settings.LOW_THRESHOLD)
    capacity = min(max(group.desired + step, group.minimum), group.maximum)
    change = capacity - group.desired
    if change == 0:
        return Decision(None, "its limit is reached" if step else "that is enough and not too many")
    if (group.desired - group.running) * change > 0:
        return Decision(None, "the last change is still under way")
    free_at = (group.changed_at or now) + timedelta(seconds=settings.SCALING_COOLDOWN)
    if group.changed_at and now < free_at:
        return Decision(None, f"the last change is too fresh; wait until {clock.iso(free_at)}")
    return Decision(capacity, "more is needed" if change > 0 else "fewer are enough")


def autoscale(settings: Settings, group: ScalingGroup, *, apply: bool) -> Iterator[str]:
    """Look, decide, and with `apply` act, telling of each. Raises ScalingError."""
    tasks = created_since(db.session(), WINDOW)
    db.session.rollback()  # No transaction is held while AWS is spoken to.
    yield (
        f"tasks created in the last hour: {tasks} "
        f"(more above {settings.HIGH_THRESHOLD}, fewer below {settings.LOW_THRESHOLD})"
    )
    seen = group.look()
    yield (
        f"group {seen.name}: desired capacity {seen.desired}, {seen.running} running, "
        f"limits {seen.minimum} to {seen.maximum}"
    )
    capacity, why = decide(settings, tasks, seen, clock.now())
    if capacity is None:
        yield f"nothing to do: {why}"
    elif apply:
        group.resize(capacity)
        yield f"desired capacity set to {capacity}: {why}"
    else:
        yield f"would set the desired capacity to {capacity}: {why} (--apply does it)"


@contextmanager
def _alone(connection: Connection) -> Iterator[bool]:
    """Whether nobody else is at it: two who decide on the same sight would go two steps."""
    mine = bool(connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")))
    try:
        yield mine
    finally:
        if mine:
            connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))


@click.command()
@click.option(
    "--apply", is_flag=True, help="Set the capacity, instead of telling what it would be."
)
def main(apply: bool) -> None:
    """Look at the load and decide on the number of machines."""
    with create_app().app_context():
        engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection, _alone(connection) as alone:
            if not alone:
                click.echo("nothing to do: another run is at it")
                return
            settings = current_settings()
            try:
                for line in autoscale(settings, make_scaling_group(settings), apply=apply):
                    click.echo(line)
            except ScalingError as error:
                raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
