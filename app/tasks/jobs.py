"""The jobs over tasks."""

from app.core.db import unit_of_work
from app.core.jobs import MAINTENANCE, job
from app.tasks.sla import BATCH, check_batch


@job("tasks.check_sla", queue=MAINTENANCE)
def check_sla() -> str:
    """Mark open tasks that passed their due date, and clear what is not late any more."""
    breached, settled, more = 0, 0, True
    while more:
        with unit_of_work() as session:
            counts = check_batch(session)
        breached, settled = breached + counts[0], settled + counts[1]
        more = BATCH in counts
    return f"{breached} tasks breached their SLA, {settled} no longer do"
