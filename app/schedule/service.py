"""Planning runs, and noting what becomes of them.

A run is planned by whoever first sees that its moment has come. Nobody relies on the message that
tells so: every one of them has all jobs looked at.
"""

from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core import clock
from app.core.claims import RING_AGAIN
from app.core.errors import in_one_line
from app.schedule.models import ACTIVE, CLAIMS, ScheduledRun, State
from app.schedule.queries import last_tick, service_zone
from app.schedule.table import BY_NAME, MOST_MADE_UP, PATIENCE, TABLE, Entry, Missed

MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=1)
"""After a run failed; it doubles each time."""
KEPT = timedelta(days=90)
MAX_TEXT = 2000

BEFORE_THE_START = "before the first start of the service"
SUPERSEDED = "its place was taken by a later one"
TOO_LATE = "more than an hour late"
UNKNOWN = "there is no such job any more"


def plan(session: Session) -> None:
    """Add a run for each moment that has come, of every job.

    Of a job that has no run at all yet, the last moment is noted as skipped: what was before the
    service's first start is not made up for.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("schedule"))))
    now = clock.now()
    for entry in TABLE:
        last = last_tick(session, entry.name)
        if last is None:
            first = entry.when.latest(now, service_zone())
            _add(session, entry.name, first, skipped=BEFORE_THE_START)
        elif ticks := _due(entry, last, now):
            _add_due(session, entry, ticks, now)


def plan_by_hand(session: Session, name: str) -> ScheduledRun:
    """Add a run of now that somebody asked for, already claimed."""
    run = ScheduledRun(name=name, tick_at=clock.now(), by_hand=True)
    session.add(run)
    session.flush()
    CLAIMS.claim(session, run.id)
    begin(run)
    return run


def begin(run: ScheduledRun) -> None:
    """A worker has claimed `run`; afterwards it is RUNNING, or over, where it must not run now."""
    entry = BY_NAME.get(run.name)
    late = clock.now() - run.tick_at > PATIENCE
    if entry is None:
        _give_up(run, UNKNOWN)
    elif run.attempts > MAX_ATTEMPTS:
        run.error = run.error or f"The worker was lost {MAX_ATTEMPTS} times."
        _finish(run, State.FAILED)
    elif entry.missed is Missed.ON_TIME and late and not run.by_hand:
        _give_up(run, TOO_LATE)
    else:
        run.state, run.started_at = State.RUNNING.value, clock.now()


def note_done(run: ScheduledRun, result: str) -> None:
    """The job is through; `result` is what it said."""
    run.result, run.error = result[:MAX_TEXT], None
    _finish(run, State.DONE)


def note_failure(run: ScheduledRun, error: BaseException) -> None:
    """The job raised `error`: it is tried again after a pause, unless often enough or by hand."""
    run.error = f"{type(error).__name__}: {in_one_line(error)}"[:MAX_TEXT]
    if run.by_hand or run.attempts >= MAX_ATTEMPTS:
        _finish(run, State.FAILED)
        return
    pause = FIRST_PAUSE * 2 ** (run.attempts - 1)
    run.state = State.WAITING.value
    run.lease_until = run.ring_at = func.now() + pause


def _due(entry: Entry, last: datetime, now: datetime) -> list[datetime]:
    if entry.missed is Missed.EVERY:
        return entry.when.between(last, now, service_zone())[-MOST_MADE_UP:]
    latest = entry.when.latest(now, service_zone())
    return [latest] if latest > last else []


def _add_due(session: Session, entry: Entry, ticks: list[datetime], now: datetime) -> None:
    if entry.missed is not Missed.EVERY:
        _supersede(session, entry.name)
    for tick in ticks:
        too_late = entry.missed is Missed.ON_TIME and now - tick > PATIENCE
        _add(session, entry.name, tick, skipped=TOO_LATE if too_late else None)
    _forget(session, entry.name, now)


def _add(session: Session, name: str, tick: datetime, *, skipped: str | None) -> None:
    """Add a run, to be rung for if the message that this came with is not about it."""
    ring_at = func.now() + RING_AGAIN
    values = {"name": name, "tick_at": tick, "by_hand": False, "run": 0, "attempts": 0}
    over = {"state": State.SKIPPED, "result": skipped, "finished_at": clock.now()}
    state = over if skipped else {"state": State.WAITING}
    row = upsert(ScheduledRun).values(**values, **state, ring_at=ring_at)
    session.execute(row.on_conflict_do_nothing())


def _supersede(session: Session, name: str) -> None:
    """End the runs of a job that wait, in favour of a later one."""
    begun = ScheduledRun.started_at.is_not(None)
    session.execute(
        update(ScheduledRun)
        .where(ScheduledRun.name == name, ScheduledRun.state == State.WAITING)
        .values(
            state=case((begun, State.FAILED), else_=State.SKIPPED),
            result=SUPERSEDED,
            finished_at=clock.now(),
        )
    )


def _forget(session: Session, name: str, now: datetime) -> None:
    """Delete the runs of a job whose moments were more than KEPT ago."""
    session.execute(
        delete(ScheduledRun).where(
            ScheduledRun.name == name,
            ScheduledRun.tick_at < now - KEPT,
            ScheduledRun.state.not_in(ACTIVE),
        )
    )


def _give_up(run: ScheduledRun, reason: str) -> None:
    run.result = reason
    _finish(run, State.SKIPPED if run.started_at is None else State.FAILED)


def _finish(run: ScheduledRun, state: State) -> None:
    run.state, run.lease_until, run.finished_at = state.value, None, clock.now()
