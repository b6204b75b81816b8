"""`flask deliveries`: find, explain, requeue and drop what is owed to the outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from getpass import getuser
from typing import Any

import click
from flask.cli import AppGroup

from app.config import current_settings
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import ServiceError
from app.extensions import db
from app.notifications.channels import JOBS_BY_CHANNEL
from app.operations import measuring, queries, service
from app.operations.schemas import DROPPABLE_STATES, MAX_AT_ONCE, STATES
from app.users.actor import Actor
from app.users.models import Role

Order = Callable[..., dict[str, Any]]

deliveries = AppGroup("deliveries", help="See mails and other deliveries, and steer them.")

_CHANNELS = click.Choice(list(JOBS_BY_CHANNEL))
_FILTERS = (
    click.option("--channel", multiple=True, type=_CHANNELS, help="May be given several times."),
    click.option("--target", help="To whom; of a mail, the user's id."),
    click.option("--error", help="A part of the last error."),
    click.option("--limit", type=click.IntRange(1, MAX_AT_ONCE), default=100, show_default=True),
)


def _filtered(states: Sequence[str], default: Sequence[str]) -> Callable[..., Any]:
    """The options by which deliveries are chosen; `default` is the state where none is given."""
    state = click.option(
        "--state", multiple=True, type=click.Choice(states), default=default, show_default=True
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((state, *_FILTERS)):
            command = option(command)
        return command

    return decorate


@deliveries.command("list")
@_filtered(STATES, default=())
def list_deliveries(**options: Any) -> None:
    """List deliveries, newest first."""
    query = _query(options) | {"page_size": options["limit"]}
    page = queries.list_deliveries(db.session(), query, _operator())
    rows = [_row(each) for each in page.deliveries]
    _print_table(("id", "channel", "state", "tries", "for", "event", "task", "error"), rows)
    click.echo(f"{len(rows)} of {min(page.total, queries.MAX_COUNT)}{'+' * page.has_more} shown.")


@deliveries.command("show")
@click.argument("delivery_id", type=click.IntRange(min=1))
def show_delivery(delivery_id: int) -> None:
    """Explain one delivery: how it stands, why, and what comes next."""
    found = _heeded(service.read_delivery, db.session(), delivery_id)
    event = found["event"]
    for name, value in {
        "delivery": f"{found['id']}: {found['channel']} to {_whom(found)}",
        "because of": f"event {event['id']}, {event['type']}, at {clock.iso(event['at'])}",
        "request": event["request_id"] or "none",
        "task": found["task"] or "none",
        "state": found["state"],
        "tries": found["attempts"],
    }.items():
        click.echo(f"{name:12}{value}")
    click.echo(f"\n{found['explanation']}")


@deliveries.command("requeue")
@click.argument("ids", nargs=-1, type=click.IntRange(min=1))
@_filtered(STATES, default=["dead"])
@click.option("--all", "everything", is_flag=True, help="All that match, however many.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def requeue(ids: Sequence[int], everything: bool, yes: bool, **options: Any) -> None:
    """Try the deliveries IDS again at once; without IDS, the oldest that match."""
    if ids:
        _one_by_one(service.requeue_one, ids)
    else:
        _many(service.requeue_many, _query(options), everything=everything, yes=yes)


@deliveries.command("drop")
@click.argument("ids", nargs=-1, type=click.IntRange(min=1))
@_filtered(DROPPABLE_STATES, default=["dead"])
@click.option("--reason", required=True, help="Kept with the delivery and in the audit log.")
@click.option("--all", "everything", is_flag=True, help="All that match, however many.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(ids: Sequence[int], reason: str, everything: bool, yes: bool, **options: Any) -> None:
    """Give the deliveries IDS up; without IDS, the oldest that match."""
    if ids:
        _one_by_one(service.drop_one, ids, reason)
    else:
        query = _query(options) | {"reason": reason}
        _many(service.drop_many, query, everything=everything, yes=yes)


@deliveries.command("stats")
def show_stats() -> None:
    """Tell how much is under way, and how old it is."""
    found = measuring.read_queues(db.session())
    names = ("channel", "due", "waiting", "in_hand", "retrying", "oldest_seconds", "dead")
    _print_table(names, [[each[name] for name in names] for each in found["channels"]])
    click.echo()
    rows = [[each["queue"], _known(each["length"])] for each in found["queues"]]
    _print_table(("queue", "messages"), rows)
    lag = found["relay"]
    click.echo(f"\nevents that wait for the relay: {lag['events']}")


def _one_by_one(order: Order, ids: Iterable[int], *more: Any) -> None:
    for delivery_id in ids:
        with unit_of_work() as session:
            done = _heeded(order, session, delivery_id, *more, actor=_operator())
        click.echo(f"Delivery {delivery_id}: {done['note']}")


def _many(order: Order, query: dict[str, Any], *, everything: bool, yes: bool) -> None:
    """Do it to the oldest, a thousand at a time; each time is one event in the audit log."""
    query |= {"limit": MAX_AT_ONCE} if everything else {}
    if not yes:
        with unit_of_work(dry_run=True) as session:
            told = _heeded(order, session, query | {"dry_run": True}, actor=_operator())
        more = " And all others that match." if everything else ""
        click.confirm(f"{told['note']}{more} Do it?", abort=True)
    while True:
        with unit_of_work() as session:
            done = _heeded(order, session, query | {"dry_run": False}, actor=_operator())
        click.echo(done["note"])
        if not everything or done["count"] + done["in_hand"] < MAX_AT_ONCE or not done["count"]:
            return
        query |= {"after": done["deliveries"][-1]}


def _query(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as the schemas of the API load them."""
    named = {name: options[name] for name in ("target", "error", "limit") if options[name]}
    several = {name: list(options[name]) for name in ("channel", "state") if options[name]}
    return named | several


def _heeded(order: Callable[..., dict[str, Any]], *args: Any, **named: Any) -> dict[str, Any]:
    """What `order` answers; a refusal is a sentence, as every command prints it."""
    try:
        return order(*args, **named)
    except ServiceError as error:
        raise click.ClickException(error.detail) from None


def _operator() -> Actor:
    """Whoever sits at the command line: no user of the service, and above all of them."""
    zone = current_settings().SERVICE_TIMEZONE
    return Actor(0, f"{getuser()} (command line)", Role.ADMIN, zone, session_id="")


def _row(found: Mapping[str, Any]) -> list[object]:
    error = found["last_error"] or ""
    return [
        found["id"],
        found["channel"],
        found["state"],
        found["attempts"],
        _whom(found),
        found["event"]["type"],
        found["task"] or "",
        error if len(error) <= 60 else f"{error[:59]}…",
    ]


def _whom(found: Mapping[str, Any]) -> str:
    name = (found["recipient"] or {}).get("username")
    return f"{name} (user {found['target']})" if name else str(found["target"])


def _known(value: object) -> object:
    return "unknown: Redis does not answer" if value is None else value


def _print_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = [[str("-" if cell is None else cell) for cell in row] for row in (names, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
