"""THE table of doorbells: whatever has rows that are due, and the job that is rung for them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from sqlalchemy import Exists
from sqlalchemy.orm import Session

from app.core import deliveries
from app.core.jobs import MAINTENANCE, REPORTS
from app.exchange.jobs import RUN_JOB
from app.exchange.models import CLAIMS as IMPORTS
from app.notifications.channels import JOBS_BY_CHANNEL
from app.reports.models import CLAIMS as REPORT_JOBS
from app.reports.models import RUN_JOB as RUN_REPORT
from app.schedule.jobs import RUN_JOB as RUN_SCHEDULED
from app.schedule.models import CLAIMS as SCHEDULED_RUNS


class Doorbell(NamedTuple):
    """One kind of work: `job` is rung on `queue` with the id of each row that `take_due` returns.

    `any_due` says whether there are any; `take_due` marks them, so that they are not returned again
    for a while.
    """

    job: str
    queue: str
    any_due: Exists
    take_due: Callable[[Session, int], list[int]]


def _of_channel(channel: str) -> Doorbell:
    job, queue = JOBS_BY_CHANNEL[channel]
    return Doorbell(job, queue, deliveries.any_due(channel), partial(deliveries.take_due, channel))


DOORBELLS = (
    *(_of_channel(channel) for channel in JOBS_BY_CHANNEL),
    Doorbell(RUN_JOB, REPORTS, IMPORTS.any_due(), IMPORTS.take_due),
    Doorbell(RUN_SCHEDULED, MAINTENANCE, SCHEDULED_RUNS.any_due(), SCHEDULED_RUNS.take_due),
    Doorbell(RUN_REPORT, REPORTS, REPORT_JOBS.any_due(), REPORT_JOBS.take_due),
)
