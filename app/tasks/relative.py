"""Dates that are said from today: `today`, `+7d`, `-2w`; days are those of the reader's zone."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.core import clock

DESCRIPTION = (
    "a date such as 2026-03-31, an instant such as 2026-03-31T17:00:00Z, now, today, tomorrow, "
    "yesterday, or a distance from now such as +7d, -2w, +3m, -1y (days) and +12h (an instant)"
)

_WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
# In a query string a plus sign arrives as a space, which lists of values lose.
_DISTANCE = re.compile(r"([+\- ]?)([0-9]{1,4})([hdwmy])")


@dataclass(frozen=True)
class Relative:
    """A distance from now: whole days, months or years, or hours, which make an instant."""

    amount: int
    unit: str

    def resolve(self, zone: ZoneInfo) -> date | datetime:
        """The day in `zone`, or the instant, that is meant now. Raises OverflowError."""
        now = clock.now()
        if self.unit == "h":
            return now + timedelta(hours=self.amount)
        today = now.astimezone(zone).date()
        if self.unit in "dw":
            return today + timedelta(days=self.amount * (7 if self.unit == "w" else 1))
        return _months_later(today, self.amount * (12 if self.unit == "y" else 1))


def parse_relative(text: str) -> Relative | None:
    """What `text` says, or None where it says no distance."""
    if text in _WORDS:
        return Relative(_WORDS[text], "d")
    if text == "now":
        return Relative(0, "h")
    match = _DISTANCE.fullmatch(text)
    if match is None:
        return None
    sign, amount, unit = match.groups()
    return Relative(-int(amount) if sign == "-" else int(amount), unit)


def _months_later(day: date, months: int) -> date:
    """The same day of another month, or its last one: a month after 31 January is 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("beyond the calendar")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
