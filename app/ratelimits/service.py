"""Writing the records: taking over what Redis counted, and forgetting what is old."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core import clock
from app.core.limit_counts import Caller, Uses
from app.ratelimits.models import RateLimitRecord

BATCH = 1000
KEPT = timedelta(days=90)
"""How long records are kept: they tell from which address somebody came."""


def take_over(session: Session, window: datetime, counts: Sequence[tuple[Caller, Uses]]) -> int:
    """Write what was counted so far in `window`; returns how many records are new or different.

    The counts are totals, not what came since the last time, so writing them twice is writing them
    once. Where Redis lost its counts and began anew, the higher ones stay. `counts` must be sorted,
    so that two at once never wait for each other in a circle.
    """
    rows = [_as_row(window, caller, uses) for caller, uses in counts]
    if not rows:
        return 0
    new = upsert(RateLimitRecord).values(rows)
    old, given = RateLimitRecord, new.excluded
    statement = new.on_conflict_do_update(
        index_elements=[
            old.window_start,
            old.endpoint,
            text("COALESCE(user_id, 0)"),
            text("COALESCE(address, '')"),
        ],
        set_={
            "requests": func.greatest(old.requests, given.requests),
            "rejected": func.greatest(old.rejected, given.rejected),
        },
        where=or_(old.requests < given.requests, old.rejected < given.rejected),
    )
    return len(session.execute(statement.returning(old.id)).all())


def purge_batch(session: Session) -> int:
    """Delete at most BATCH records that are older than KEPT; returns how many."""
    old = (
        select(RateLimitRecord.id)
        .where(RateLimitRecord.window_start < clock.now() - KEPT)
        .order_by(RateLimitRecord.window_start)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(old).all()
    session.execute(delete(RateLimitRecord).where(RateLimitRecord.id.in_(ids)))
    return len(ids)


def _as_row(window: datetime, caller: Caller, uses: Uses) -> Mapping[str, Any]:
    return {
        "user_id": caller.user_id or None,
        "address": caller.address or None,
        "endpoint": caller.endpoint,
        "window_start": window,
        "requests": uses.requests,
        "rejected": uses.rejected,
    }
