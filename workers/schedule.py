"""Beat's side of the schedule: it sends each name at its moments, and nothing depends on it.

What is due is decided by whoever gets the message (`app/schedule/`), so a message that is lost, or
that two beats sent, changes nothing. What runs and when is in `app/schedule/table.py`.
"""

from app.schedule.jobs import TICK_JOB
from app.schedule.table import TABLE

EXPIRES_SECONDS = 300
"""The next message finds what this one would have found; unread ones must not fill the queue."""

SCHEDULE = {
    entry.name: {
        "task": TICK_JOB,
        "args": (entry.name,),
        "schedule": entry.when,
        "options": {"expires": EXPIRES_SECONDS},
    }
    for entry in TABLE
}
