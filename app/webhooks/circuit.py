"""How an endpoint that fails is spared, and what becomes of it.

After a failure nothing is sent for a pause that grows; then one attempt goes ahead while all else
waits. So a receiver that hangs costs one attempt per pause, however much it is owed. Endpoints are
locked before deliveries.
"""

from datetime import timedelta

from sqlalchemy import Interval, and_, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from app.core import backlog, clock, events
from app.core.deliveries import LEASE, NotNow, pause_after
from app.notifications.channels import WEBHOOK_CHANNEL
from app.webhooks.events import WebhookDisabled, about, as_json
from app.webhooks.models import WebhookEndpoint

DISABLE_AFTER = timedelta(days=3)
AFTER_SCOUT = timedelta(seconds=5)
"""What has failed comes after another delivery, which may fare better."""
SHORTEST_WAIT = timedelta(seconds=1)


def enter(session: Session, endpoint: WebhookEndpoint, *, has_failed: bool) -> None:
    """Let one attempt at a failing endpoint through when its pause is over. Raises NotNow.

    Until that attempt says how it went, or its lease has run out, no other gets through. A delivery
    that has failed before lets others go first: perhaps it is the only one that is not liked.
    """
    if not endpoint.failures:
        return
    if has_failed and backlog.has_fresh(session, WEBHOOK_CHANNEL, str(endpoint.id)):
        raise NotNow(AFTER_SCOUT)
    this = WebhookEndpoint.id == endpoint.id
    is_over = and_(
        WebhookEndpoint.failures > 0,
        or_(WebhookEndpoint.retry_at.is_(None), WebhookEndpoint.retry_at <= func.now()),
    )
    passed = session.scalar(
        update(WebhookEndpoint)
        .where(this, is_over)
        .values(retry_at=func.now() + LEASE)
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    if passed is None:
        left = type_coerce(WebhookEndpoint.retry_at - func.now(), Interval)
        wait = session.scalar(select(left).where(this))
        raise NotNow(max(wait or SHORTEST_WAIT, SHORTEST_WAIT))


def note_success(session: Session, endpoint: WebhookEndpoint) -> None:
    """Forget the failures of a locked endpoint, and let go what was held back."""
    if endpoint.failures:
        forget_failures(endpoint)
        backlog.release(session, WEBHOOK_CHANNEL, str(endpoint.id))


def note_failure(
    session: Session, endpoint: WebhookEndpoint, *, as_scout: bool, after: timedelta | None
) -> timedelta | None:
    """Note a failure of a locked endpoint; returns when to try the delivery again, None: as usual.

    Of several attempts that were under way when the first one failed, only that one counts.
    """
    if endpoint.failures and not as_scout:
        return after
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or clock.now()
    pause = after or pause_after(endpoint.failures)
    endpoint.retry_at = func.now() + pause
    if endpoint.failing_since <= clock.now() - DISABLE_AFTER:
        disable(session, endpoint, f"It has failed for {DISABLE_AFTER.days} days.")
        return after
    has_scout = backlog.hold(session, WEBHOOK_CHANNEL, str(endpoint.id), pause)
    return pause + AFTER_SCOUT if has_scout else pause


def disable(session: Session, endpoint: WebhookEndpoint, reason: str) -> None:
    """Switch a locked endpoint off; its people are told by what follows from the event."""
    before = as_json(endpoint)
    switch_off(session, endpoint, reason)
    endpoint.version += 1
    endpoint.updated_at = clock.now()
    changes = events.differences(before, as_json(endpoint))
    events.record(about(endpoint, WebhookDisabled, actor_id=None, changes=changes))


def switch_off(session: Session, endpoint: WebhookEndpoint, reason: str) -> None:
    """Send nothing any more; what is owed is dropped."""
    endpoint.is_active, endpoint.disabled_at, endpoint.disabled_reason = False, clock.now(), reason
    endpoint.retry_at = None
    backlog.abandon(session, WEBHOOK_CHANNEL, str(endpoint.id), reason)


def forget_failures(endpoint: WebhookEndpoint) -> None:
    """Begin anew."""
    endpoint.failures, endpoint.failing_since, endpoint.retry_at = 0, None, None
