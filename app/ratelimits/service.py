"""Writing the records: taking over what Redis counted, and which of them are old."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Select, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core import clock
from app.core.limit_counts import Caller, Uses
from app.ratelimits.models import RateLimitRecord

KEPT = timedelta(days=90)
"""How long records are kept: they tell from which address somebody came."""

# Arrays, since PostgreSQL reads them many times as fast as a list of a thousand rows.
_TAKE_OVER = text(
    """
    INSERT INTO rate_limit_records AS known
        (window_start, user_id, endpoint, address, requests, rejected)
    SELECT :window, nullif(user_id, 0), endpoint, nullif(address, ''), requests, rejected
    FROM unnest(:users, :endpoints, :addresses, :requests, :rejected)
        AS counted (user_id, endpoint, address, requests, rejected)
    ON CONFLICT (window_start, endpoint, (COALESCE(user_id, 0)), (COALESCE(address, '')))
    DO UPDATE SET requests = greatest(known.requests, excluded.requests),
                  rejected = greatest(known.rejected, excluded.rejected)
    WHERE known.requests < excluded.requests OR known.rejected < excluded.rejected
    RETURNING id
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("users", "requests", "rejected")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("endpoints", "addresses")),
)


def take_over(session: Session, window: datetime, counts: Sequence[tuple[Caller, Uses]]) -> int:
    """Write what was counted so far in `window`; returns how many records are new or different.

    The counts are totals, not what came since the last time, so writing them twice is writing them
    once. Where Redis lost its counts and began anew, the higher ones stay. `counts` must be sorted,
    so that two at once never wait for each other in a circle.
    """
    columns = {
        "users": [caller.user_id for caller, _ in counts],
        "endpoints": [caller.endpoint for caller, _ in counts],
        "addresses": [caller.address for caller, _ in counts],
        "requests": [uses.requests for _, uses in counts],
        "rejected": [uses.rejected for _, uses in counts],
    }
    return len(session.execute(_TAKE_OVER, {"window": window, **columns}).all())


def old_records() -> Select[int]:
    """The ids of records that are older than KEPT."""
    old = select(RateLimitRecord.id).where(RateLimitRecord.window_start < clock.now() - KEPT)
    return old.order_by(RateLimitRecord.window_start)
