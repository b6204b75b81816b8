"""The one source of the current time, in aware UTC.

Milliseconds are the resolution of the whole service: what is stored is exactly what the API
prints, so a value that was read can be written back without becoming a change.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, UTC, cut to milliseconds."""
    return truncate(datetime.now(UTC))


def truncate(moment: datetime) -> datetime:
    """`moment` cut to whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """`moment` as the API prints it: `2026-03-31T23:59:59.000Z`, as JavaScript's toISOString."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
