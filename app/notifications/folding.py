"""One mail instead of a burst: changes of a task that wait for the same person go together.

The first of them is the head: whoever claims it first folds the others into it, in the same
transaction and for good. So an attempt after one that may have reached the mail server sends the
same set again, under the same Message-ID.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import deliveries
from app.core.delivery_models import Delivery, State
from app.core.events import EventRecord
from app.notifications.kinds import Kind
from app.notifications.models import Notification


def wait_of(kind: Kind) -> timedelta:
    """How long a mail waits for others that may go with it."""
    seconds = current_settings().EMAIL_DIGEST_SECONDS if kind is Kind.CHANGED else 0
    return timedelta(seconds=seconds)


def claim(session: Session, delivery_id: int) -> Delivery | None:
    """As `deliveries.claim`; before a mail is tried for the first time, others are folded in."""
    delivery = deliveries.claim(session, delivery_id)
    if delivery is not None and delivery.attempts == 1 and current_settings().EMAIL_DIGEST_SECONDS:
        _fold(session, delivery)
    return delivery


def records_of(session: Session, delivery: Delivery) -> Sequence[EventRecord]:
    """The events that a mail tells of, in their order."""
    together = (Delivery.id == delivery.id) | (Delivery.part_of == delivery.id)
    joined = select(EventRecord).join(Delivery, Delivery.event_id == EventRecord.id)
    return session.scalars(joined.where(together).order_by(EventRecord.id)).all()


def _fold(session: Session, head: Delivery) -> None:
    """Make the changes that follow parts of `head`, up to the first mail of another kind.

    None of them can be under way: a delivery waits for the earlier ones in its order.
    """
    waiting = [Delivery.state == State.PENDING, Delivery.part_of.is_(None)]
    in_order = session.execute(
        select(Delivery.id, Notification.kind)
        .join(
            Notification,
            and_(
                Notification.event_id == Delivery.event_id,
                Notification.user_id == int(head.target),
            ),
        )
        .where(
            *waiting,
            Delivery.channel == head.channel,
            Delivery.target == head.target,
            Delivery.task_id == head.task_id,
            Delivery.event_id >= head.event_id,
        )
        .order_by(Delivery.event_id)
    )
    changes = takewhile(lambda row: row.kind == Kind.CHANGED, in_order)
    first, *others = [row.id for row in changes] or [None]
    if first == head.id and others:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(others), Delivery.attempts == 0, *waiting)
            .values(part_of=head.id, attempts=head.attempts)
            .execution_options(synchronize_session=False)
        )
