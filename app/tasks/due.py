"""What a due date means: bare dates are days in somebody's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.core import clock


def parse_day(text: str) -> date:
    """`YYYY-MM-DD` and no other form of ISO 8601 (2026-W14-2). Raises ValueError."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError("not YYYY-MM-DD")
    return day


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of `day` in `zone` and that of the day after, in UTC.

    The distance is 23 or 25 hours on the days on which clocks are changed.
    """
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def due_instant(due: date | datetime, zone: ZoneInfo) -> datetime:
    """An instant as it is; a bare date becomes the last second of that day in `zone`."""
    if isinstance(due, datetime):
        return clock.truncate(due.astimezone(UTC))
    return day_bounds(due, zone)[1] - timedelta(seconds=1)


def is_bare_date(due: date | datetime | None) -> bool:
    """Whether only a date was given."""
    return due is not None and not isinstance(due, datetime)
