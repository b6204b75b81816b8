"""Asking for, cancelling and ending reports. Every function runs in the caller's unit of work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict
from app.reports import events
from app.reports.asked import effective
from app.reports.job_queries import get_report
from app.reports.models import ACTIVE, SUMMARIES, ReportJob, State
from app.reports.periods import read_period
from app.users.actor import Actor
from app.users.models import User

MAX_UNFINISHED = 5
MAX_KEPT = 100
"""Files of one user; without an end, one user could fill the storage of all."""


def create_report(session: Session, data: Mapping[str, Any], *, actor: Actor) -> ReportJob:
    """Ask the workers for a report; `data` as ReportInputSchema loads it.

    Raises Invalid for what the list of tasks refuses and for a period that is none, Conflict for
    one report too many.
    """
    query = effective(session, data["query"], actor)
    is_summary = data["format"] in SUMMARIES
    period = read_period(data["first_day"], data["last_day"], actor) if is_summary else None
    # One after the other, so that two at once cannot make one too many.
    session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    _check_quota(session, actor)
    found = ReportJob(
        user_id=actor.id,
        format=data["format"].value,
        title=data["title"],
        query=query,
        first_day=period and period.first,
        last_day=period and period.last,
    )
    session.add(found)
    session.flush()  # The event names the new id.
    events.record_created(found)
    return found


def remove_report(session: Session, report_id: int, *, actor: Actor) -> str | None:
    """Cancel a report that is not finished, else delete it; returns the file to be removed.

    Raises NotFound.
    """
    found = get_report(session, report_id, actor, lock=True)
    if found.state in ACTIVE:
        finish(session, found, State.CANCELLED, None, actor_id=actor.id)
        return None
    events.record_deleted(found, actor_id=actor.id)
    session.delete(found)
    return found.file_name


def finish(
    session: Session, found: ReportJob, state: State, error: str | None, *, actor_id: int | None
) -> None:
    """Bring a report to rest."""
    before = events.as_json(found)
    found.state, found.error, found.lease_until = state.value, error, None
    found.finished_at = clock.now()
    events.record_change(found, before, actor_id=actor_id)


def complete(
    session: Session, found: ReportJob, *, file_name: str, size: int, keep: timedelta
) -> None:
    """Bring a report to rest whose file is in the storage, for as long as `keep`."""
    before = events.as_json(found)
    found.state, found.error, found.lease_until = State.DONE.value, None, None
    found.file_name, found.size = file_name, size
    found.finished_at = clock.now()
    found.expires_at = found.finished_at + keep
    events.record_change(found, before, actor_id=found.user_id)


def expire_reports(session: Session) -> list[str]:
    """Expire reports whose time is over; returns the files to be removed."""
    over = session.scalars(
        select(ReportJob)
        .where(ReportJob.state == State.DONE, ReportJob.expires_at <= clock.now())
        .with_for_update(skip_locked=True)
    ).all()
    names = [found.file_name for found in over if found.file_name]
    for found in over:
        before = events.as_json(found)
        found.state, found.file_name = State.EXPIRED.value, None
        events.record_change(found, before, actor_id=None)
    return names


def _check_quota(session: Session, actor: Actor) -> None:
    is_kept = ReportJob.state == State.DONE
    unfinished, kept = session.execute(
        select(func.count().filter(~is_kept), func.count().filter(is_kept)).where(
            ReportJob.user_id == actor.id, ReportJob.state.in_({*ACTIVE, State.DONE})
        )
    ).one()
    if unfinished >= MAX_UNFINISHED:
        raise Conflict(f"You have {MAX_UNFINISHED} unfinished reports; cancel or await them first.")
    if kept >= MAX_KEPT:
        raise Conflict(f"You have {MAX_KEPT} reports to download; delete some of them first.")
