"""The jobs over tasks."""

from zoneinfo import ZoneInfo

from app.config import current_settings
from app.core import clock
from app.core.db import unit_of_work
from app.tasks.due import day_bounds
from app.tasks.due_soon import Place, remind_batch
from app.tasks.sla import BATCH, check_batch


def check_sla() -> str:
    """Mark open tasks that passed their due date, and clear what is not late any more."""
    breached, settled, more = 0, 0, True
    while more:
        with unit_of_work() as session:
            counts = check_batch(session)
        breached, settled = breached + counts[0], settled + counts[1]
        more = BATCH in counts
    return f"{breached} tasks breached their SLA, {settled} no longer do"


def send_notifications_at_10_am() -> str:
    """Mail the assignees of open tasks that are due within 24 hours, once per task and day."""
    zone = ZoneInfo(current_settings().SERVICE_TIMEZONE)
    since, _ = day_bounds(clock.now().astimezone(zone).date(), zone)
    reminded, after, more = 0, Place(clock.now(), 0), True
    while more:
        with unit_of_work() as session:
            recorded, last = remind_batch(session, since=since, after=after)
        reminded, after, more = reminded + recorded, last or after, last is not None
    return f"{reminded} reminders of tasks that are due within 24 hours"
