"""Delivering: one attempt at one delivery, from claim to result.

The claim and the result are two short transactions; nothing is held while the outside is spoken to.
What was true at the event may not be true any more, so everything is checked again here.
"""

import logging
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.aws_lambda import LambdaError, make_lambda_client
from app.clients.mailer import MailError, make_mailer
from app.config import current_settings
from app.core import context, deliveries
from app.core.db import unit_of_work
from app.core.deliveries import Delivery
from app.core.events import EventRecord
from app.extensions import db
from app.notifications.messages import People, completion_payload, task_email
from app.tasks.models import Task
from app.users.models import User

log = logging.getLogger(__name__)


class NotWanted(Exception):
    """The delivery has become pointless; the text says why."""


Deliver = Callable[[Session, Delivery, EventRecord], None]


def attempt(delivery_id: int, deliver: Deliver) -> str:
    """Try one delivery with `deliver` and write down how it went; returns that in a word.

    Nothing happens where somebody else has it, it is done, or it has to wait its turn.
    """
    with unit_of_work() as session:
        delivery = deliveries.claim(session, delivery_id)
    if delivery is None:
        return "nothing to do"
    record = db.session.get_one(EventRecord, delivery.event_id)
    context.request_id.set(record.request_id)
    try:
        deliver(db.session(), delivery, record)
    except NotWanted as reason:
        return _note(delivery, lambda session: deliveries.drop(session, delivery, str(reason)))
    except (MailError, LambdaError) as error:
        problem = str(error)
        log.warning("Delivery %s failed: %s", delivery.id, problem)
        return _note(delivery, lambda session: deliveries.fail(session, delivery, problem))
    return _note(delivery, lambda session: deliveries.finish(session, delivery))


def send_email(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Mail the assignee about the event. Raises NotWanted, MailError."""
    recipient = session.get(User, int(delivery.target), populate_existing=True)
    _check_wanted(session, recipient, record)
    if recipient is None:
        raise NotWanted("there is no such user")
    names = _names(session, record)
    people = People(recipient, names.get(record.actor_id or 0, "Somebody"), names)
    message = task_email(record, people, current_settings())
    session.rollback()  # No transaction is held while the mail server is spoken to.
    make_mailer(current_settings()).send(message)


def invoke_lambda(session: Session, _: Delivery, record: EventRecord) -> None:
    """Tell the Lambda that a task was completed. Raises LambdaError."""
    assignee_id = record.snapshot["assignee"]
    assignee = session.get(User, assignee_id) if assignee_id else None
    payload = completion_payload(record, assignee)
    session.rollback()  # No transaction is held while AWS is spoken to.
    make_lambda_client(current_settings()).invoke(payload)


def _check_wanted(session: Session, recipient: User | None, record: EventRecord) -> None:
    """Raise NotWanted where the recipient may not, cannot or does not want to read of the event."""
    if recipient is None or not recipient.is_active or not recipient.email:
        raise NotWanted("the user is disabled or has no e-mail address")
    if record.actor_id == recipient.id and not recipient.email_own_changes:
        raise NotWanted("it is the user's own change")
    task = session.get(Task, record.task_id, populate_existing=True)
    if task is None or recipient.id not in (task.assignee_id, task.reporter_id):
        raise NotWanted("the user may not see the task any more")


def _names(session: Session, record: EventRecord) -> dict[int, str]:
    """The names of everyone whom the mail may mention."""
    ids: set[int | None] = {record.actor_id, *record.changes.get("assignee", ())}
    users: Iterable[User] = session.scalars(select(User).where(User.id.in_(ids - {None})))
    return {user.id: user.display_name for user in users}


def _note(delivery: Delivery, write: Callable[[Session], None]) -> str:
    db.session.rollback()
    with unit_of_work() as session:
        write(session)
    state = db.session.scalar(select(Delivery.state).where(Delivery.id == delivery.id))
    return f"delivery {delivery.id} is {state}"
