"""The moments of a crontab: instants, whatever the clocks of its time zone do.

A job at 02:30 runs once on the day on which clocks skip that time (as long after midnight as on any
other day), and once on the day on which they show it twice. What runs every hour or more often runs
through: it leaves out no real hour, and doubles none.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from celery.schedules import crontab, schedstate

HOURS_OF_A_DAY = 24
FOUR_YEARS = 4 * 366
"""In days; within them comes every day of the calendar."""


class Moments(crontab):
    """A crontab that tells its moments, and by them tells beat when it is due."""

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The last moment at or before `now`."""
        days = self._days(now, zone, step=-1)
        return next(m for day in days for m in reversed(self._of(day, zone)) if m <= now)

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first moment after `now`."""
        days = self._days(now, zone, step=1)
        return next(m for day in days for m in self._of(day, zone) if m > now)

    def between(self, after: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
        """The moments after `after`, up to `until`, in order."""
        length = (until.astimezone(zone).date() - after.astimezone(zone).date()).days
        days = (after.astimezone(zone).date() + timedelta(n) for n in range(length + 1))
        found = chain.from_iterable(self._of(day, zone) for day in days)
        return sorted({m for m in found if after < m <= until})

    def is_due(self, last_run_at: datetime) -> Any:
        """For beat: whether a moment has come since `last_run_at`, and the seconds to the next."""
        now, zone = self.now(), self.app.timezone
        is_due = self.latest(now, zone) > self.maybe_make_aware(last_run_at)
        return schedstate(is_due, (self.following(now, zone) - now).total_seconds())

    def _days(self, now: datetime, zone: ZoneInfo, step: int) -> Iterator[date]:
        today = now.astimezone(zone).date()
        return (today + timedelta(days=step * n) for n in range(FOUR_YEARS))

    def _of(self, day: date, zone: ZoneInfo) -> list[datetime]:
        """The moments of one day. Python reads a time that is skipped as if clocks had not moved.

        The second of two equal times counts only for what runs in every hour.
        """
        if not self._runs_on(day):
            return []
        folds = (0, 1) if len(self.hour) == HOURS_OF_A_DAY else (0,)
        times = [
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold)
            for hour in self.hour
            for minute in self.minute
            for fold in folds
        ]
        return sorted({time.astimezone(UTC) for time in times})

    def _runs_on(self, day: date) -> bool:
        return (
            day.month in self.month_of_year
            and day.day in self.day_of_month
            and day.isoweekday() % 7 in self.day_of_week
        )
