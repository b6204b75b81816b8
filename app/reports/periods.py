"""The days that numbers over time are about, and the steps in which they are told.

What happened on a day happened between midnight and midnight in the caller's time zone, also where
clocks are changed in between.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, cast, func
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import clock
from app.core.errors import Invalid
from app.tasks.due import day_bounds
from app.users.actor import Actor

DEFAULT_DAYS = 30
MAX_DAYS = 366
MAX_DAILY = 31
"""A longer period is told by weeks."""


@dataclass(frozen=True)
class Period:
    """Days of a calendar, both ends included, in steps of days or of weeks from Monday on.

    The first and the last week may be cut short.
    """

    first: date
    last: date
    zone: ZoneInfo

    @property
    def is_daily(self) -> bool:
        """Whether the steps are days."""
        return (self.last - self.first).days < MAX_DAILY

    @property
    def steps(self) -> list[date]:
        """The first day of every step."""
        days = [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]
        return [day for day in days if self.is_daily or day == self.first or day.weekday() == 0]

    @property
    def bounds(self) -> list[datetime]:
        """The first instant of every step, and the first one after the period."""
        starts = [day_bounds(day, self.zone)[0] for day in self.steps]
        return [*starts, day_bounds(self.last, self.zone)[1]]

    def step_of(self, moment: Any) -> ColumnElement[int]:
        """The number of the step in which a column's instant lies.

        It is 0 before the period, and after it one more than there are steps.
        """
        bounds = cast(self.bounds, ARRAY(DateTime(timezone=True)))
        return func.width_bucket(moment, bounds)


def read_period(first: date | None, last: date | None, actor: Actor) -> Period:
    """The period that is meant: up to today, and DEFAULT_DAYS long, unless told otherwise.

    Raises Invalid, naming `from` or `to`.
    """
    today = clock.now().astimezone(actor.zone).date()
    last = last or today
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if last > today:
        raise Invalid.field("to", f"must not be after today, {today} in {actor.timezone}")
    if first > last:
        raise Invalid.field("from", f"must not be after {last}, the last day")
    if (last - first).days >= MAX_DAYS:
        raise Invalid.field("from", f"must be at most {MAX_DAYS} days before {last}, the last day")
    return Period(first, last, actor.zone)
