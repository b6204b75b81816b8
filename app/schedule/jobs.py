"""The two messages of the schedule: beat's, which names a job, and the doorbell's for a run."""

from app.core.db import unit_of_work
from app.core.jobs import LONG_LIMIT_SECONDS, MAINTENANCE, job
from app.schedule.models import ScheduledRun
from app.schedule.running import run_due

TICK_JOB = "schedule.tick"
RUN_JOB = "schedule.run"


@job(TICK_JOB, queue=MAINTENANCE, seconds=LONG_LIMIT_SECONDS)
def tick(name: str) -> str:
    """Run what is due of the job `name`, and see what is due of all others."""
    return run_due(name)


@job(RUN_JOB, queue=MAINTENANCE, seconds=LONG_LIMIT_SECONDS)
def run(run_id: int) -> str:
    """Carry on with the job of a run that no worker is at."""
    with unit_of_work() as session:
        found = session.get(ScheduledRun, run_id)
    return run_due(found.name) if found else f"run {run_id} is gone"
