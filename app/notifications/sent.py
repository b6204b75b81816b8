"""What became of the mails to somebody: nothing that the service owes a person is silent."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.core import events
from app.core.delivery_models import Delivery, State
from app.core.errors import Conflict
from app.core.events import EventRecord
from app.core.fields import CommaList, Timestamp
from app.core.pagination import numbered
from app.core.query import NumberedPageSchema
from app.notifications.channels import EMAIL_CHANNEL
from app.notifications.events import MailTestAsked
from app.notifications.kinds import Channel, Kind
from app.notifications.models import Notification
from app.tasks import policy
from app.tasks.models import Task
from app.users.actor import Actor
from app.users.models import User


class TaskNameSchema(Schema):
    """A task as a line of a list names it."""

    id = fields.Integer()
    title = fields.String()


class SentSchema(Schema):
    """A mail that is owed to the caller, or was."""

    id = fields.Integer()
    kind = fields.Enum(Kind, by_value=True, allow_none=True)
    event_id = fields.UUID()
    event_type = fields.String()
    task = fields.Nested(
        TaskNameSchema,
        allow_none=True,
        metadata={"description": "Null where there is none, or the caller may not see it."},
    )
    state = fields.Enum(State, by_value=True)
    part_of = fields.Integer(
        allow_none=True, metadata={"description": "The delivery in whose mail it was told."}
    )
    attempts = fields.Integer()
    last_error = fields.String(
        allow_none=True, metadata={"description": "Or why there was no mail, where it is dropped."}
    )
    created_at = Timestamp()
    next_at = Timestamp(
        allow_none=True, metadata={"description": "When it is tried (again), while pending."}
    )
    finished_at = Timestamp(allow_none=True)


class SentQuerySchema(NumberedPageSchema):
    """Which of the mails."""

    event_id = fields.UUID()
    state = CommaList(fields.Enum(State, by_value=True))


class MailTestInputSchema(Schema):
    """By which channel to send the test."""

    channel = fields.Enum(
        Channel,
        by_value=True,
        load_default=Channel.EMAIL,
        validate=validate.OneOf([Channel.EMAIL], error="must be email"),
    )


class MailTestSchema(Schema):
    """A test that is on its way."""

    channel = fields.Enum(Channel, by_value=True)
    to = fields.String()


def ask_for_test(session: Session, *, actor: Actor) -> dict[str, Any]:
    """Send `actor` a test mail, by the way of all others. Raises Conflict without an address."""
    user = session.get_one(User, actor.id)
    if not user.email:
        raise Conflict(
            "You have no e-mail address; add one with "
            'PATCH /api/v1/auth/users/me/ {"email": "you@example.com"}.'
        )
    events.record(MailTestAsked(entity_id=user.id, actor_id=user.id, streams=frozenset()))
    return {"channel": Channel.EMAIL, "to": user.email}


def list_sent(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[dict[str, Any]]]:
    """How many mails to `actor` match `query` (SentQuerySchema), and a page, newest first."""
    matching = _matching(query, actor)
    count = session.scalar(matching.with_only_columns(func.count())) or 0
    rows = session.execute(numbered(matching.order_by(Delivery.id.desc()), query)).all()
    titles = _titles(session, {row.Delivery.task_id for row in rows}, actor)
    return count, [_as_row(*row, titles) for row in rows]


def _matching(query: Mapping[str, Any], actor: Actor) -> Select[Delivery, EventRecord, str | None]:
    matching = (
        select(Delivery, EventRecord, Notification.kind)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .outerjoin(
            Notification,
            and_(Notification.event_id == Delivery.event_id, Notification.user_id == actor.id),
        )
        .where(Delivery.channel == EMAIL_CHANNEL, Delivery.target == str(actor.id))
    )
    if "event_id" in query:
        matching = matching.where(EventRecord.event_id == query["event_id"])
    if "state" in query:
        matching = matching.where(Delivery.state.in_(query["state"]))
    return matching


def _titles(session: Session, ids: set[int | None], actor: Actor) -> Mapping[int, str]:
    """The titles of those tasks that `actor` sees now."""
    seen = or_(*(branch.condition for branch in policy.visible_to(actor)))
    tasks = select(Task.id, Task.title).where(
        Task.id.in_(ids - {None}), Task.deleted_at.is_(None), seen
    )
    return {row.id: row.title for row in session.execute(tasks)}


def _as_row(
    delivery: Delivery, record: EventRecord, kind: str | None, titles: Mapping[int, str]
) -> dict[str, Any]:
    title = titles.get(delivery.task_id or 0)
    is_pending = delivery.state == State.PENDING
    return {
        "id": delivery.id,
        "kind": Kind(kind) if kind else None,
        "event_id": record.event_id,
        "event_type": record.type,
        "task": {"id": delivery.task_id, "title": title} if title is not None else None,
        "state": State(delivery.state),
        "part_of": delivery.part_of,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error,
        "created_at": delivery.created_at,
        "next_at": delivery.next_at if is_pending else None,
        "finished_at": delivery.finished_at,
    }
