"""Reading the runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import clock
from app.core.pagination import counted_page
from app.schedule.models import ACTIVE, ScheduledRun
from app.schedule.table import TABLE, Entry


class JobNow(NamedTuple):
    """A job of the table: when it runs next and what came of its last run."""

    entry: Entry
    next_at: datetime
    last_run: ScheduledRun | None


def service_zone() -> ZoneInfo:
    """The time zone in which the times of the table are meant."""
    return ZoneInfo(current_settings().SERVICE_TIMEZONE)


def read_jobs(session: Session) -> Sequence[JobNow]:
    """Every job of the table, in its order."""
    now, zone = clock.now(), service_zone()
    return [
        JobNow(entry, entry.when.following(now, zone), _last_run(session, entry.name))
        for entry in TABLE
    ]


def read_runs(session: Session, query: Mapping[str, Any]) -> tuple[int, Sequence[ScheduledRun]]:
    """Count and page of the runs, newest first; `query` is a ScheduledRunQuerySchema."""
    columns = {"job": ScheduledRun.name, "state": ScheduledRun.state}
    wanted = [columns[name] == query[name] for name in columns if name in query]
    newest = (ScheduledRun.tick_at.desc(), ScheduledRun.id.desc())
    return counted_page(session, select(ScheduledRun).where(*wanted).order_by(*newest), query)


def last_tick(session: Session, name: str) -> datetime | None:
    """The last moment of a job that was planned; None before the service's first start with it."""
    return session.scalar(
        select(func.max(ScheduledRun.tick_at)).where(
            ScheduledRun.name == name, ~ScheduledRun.by_hand
        )
    )


def first_unfinished(session: Session, name: str) -> int | None:
    """The run of a job that comes first, by its moment; None where there is nothing to do."""
    return session.scalar(
        select(ScheduledRun.id)
        .where(ScheduledRun.name == name, ScheduledRun.state.in_(ACTIVE))
        .order_by(ScheduledRun.tick_at)
        .limit(1)
    )


def _last_run(session: Session, name: str) -> ScheduledRun | None:
    """The newest run that was begun; where there is none, what stands for it."""
    newest = select(ScheduledRun).where(ScheduledRun.name == name).limit(1)
    newest = newest.order_by(ScheduledRun.tick_at.desc(), ScheduledRun.id.desc())
    begun = newest.where(ScheduledRun.started_at.is_not(None))
    return session.scalars(begun).first() or session.scalars(newest).first()
