"""Delivering: one attempt at one delivery, from claim to result.

The claim and the result are two short transactions; nothing is held while the outside is spoken to.
What was true at the event may not be true any more, so everything is checked again here.
"""

import logging
import re
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.aws_lambda import make_lambda_client
from app.clients.mailer import make_mailer
from app.comments.events import CommentCreated, CommentUpdated
from app.config import Settings, current_settings
from app.core import context, deliveries
from app.core.db import unit_of_work
from app.core.deliveries import Delivery, Owed, Refused
from app.core.events import EventRecord, reactions_to
from app.extensions import db
from app.notifications.messages import People, completion_payload, mention_email, task_email
from app.notifications.wanted import (
    NotWanted,
    check_due_soon_mail,
    check_mention_mail,
    check_task_mail,
)
from app.tasks.events import TaskCreated, TaskDueSoon, TaskSlaBreached, TaskUpdated
from app.tasks.models import Task
from app.users.models import User

log = logging.getLogger(__name__)


Deliver = Callable[[Session, Delivery, EventRecord], None]


class Mail(NamedTuple):
    """A kind of mail: `check` raises NotWanted where it should not go out, `compose` writes it."""

    check: Callable[[Session, EventRecord, User], None]
    compose: Callable[[EventRecord, People, Task, Settings], EmailMessage]


_TASK_MAIL = Mail(check_task_mail, task_email)
_MENTION_MAIL = Mail(check_mention_mail, mention_email)
MAILS: dict[str, Mail] = {
    TaskCreated.type: _TASK_MAIL,
    TaskUpdated.type: _TASK_MAIL,
    TaskSlaBreached.type: _TASK_MAIL,
    TaskDueSoon.type: Mail(check_due_soon_mail, task_email),
    CommentCreated.type: _MENTION_MAIL,
    CommentUpdated.type: _MENTION_MAIL,
}
"""Type of the event → the mail that tells of it."""

_CREDENTIALS = re.compile(
    r"(://[^\s:/@]*:|(?:password|passwd|secret|token|key)\w*['\"]?\s*[=:]\s*)[^\s@,;]+",
    re.IGNORECASE,
)


def attempt(delivery_id: int, deliver: Deliver) -> str:
    """Try one delivery with `deliver` and write down how it went; returns that in a word.

    Nothing happens where somebody else has it, it is done, or it has to wait its turn. Whatever
    `deliver` raises is noted on the row, which decides when to try again; after `Refused`, never.
    """
    with unit_of_work() as session:
        delivery = deliveries.claim(session, delivery_id)
    if delivery is None:
        return "nothing to do"
    try:
        record = db.session.get_one(EventRecord, delivery.event_id)
        context.set_request_id(record.request_id or context.request_id.get())
        deliver(db.session(), delivery, record)
    except NotWanted as reason:
        why = str(reason)
        return _note(delivery, lambda session: deliveries.drop(session, delivery, why))
    except Refused as error:
        problem = described(error)
        log.error("Delivery %s was refused for good: %s", delivery.id, problem)
        return _note(delivery, lambda session: deliveries.refuse(session, delivery, problem))
    except Exception as error:  # noqa: BLE001 - a bug in one mail must not leave its row leased
        problem = described(error)
        log.warning("Delivery %s failed: %s", delivery.id, problem)
        return _note(delivery, lambda session: deliveries.fail(session, delivery, problem))
    return _note(delivery, lambda session: deliveries.finish(session, delivery))


def described(error: Exception) -> str:
    """An error as one line, without what looks like a password."""
    line = _CREDENTIALS.sub(r"\1***", " ".join(str(error).split()))
    return f"{type(error).__name__}: {line}"


def send_email(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Mail the target about the event. Raises NotWanted, MailError."""
    mail = MAILS[record.type]
    recipient = session.get(User, int(delivery.target), populate_existing=True)
    if recipient is None or not recipient.is_active or not recipient.email:
        raise NotWanted("the user is disabled or has no e-mail address")
    mail.check(session, record, recipient)
    task = session.get_one(Task, record.task_id)
    names = _names(session, record)
    people = People(recipient, names.get(record.actor_id or 0, "Somebody"), names)
    message = mail.compose(record, people, task, current_settings())
    session.rollback()  # No transaction is held while the mail server is spoken to.
    make_mailer(current_settings()).send(message)


def invoke_lambda(session: Session, _: Delivery, record: EventRecord) -> None:
    """Tell the Lambda that a task was completed. Raises LambdaError, LambdaRefused."""
    assignee_id = record.snapshot["assignee"]
    assignee = session.get(User, assignee_id) if assignee_id else None
    payload = completion_payload(record, assignee)
    session.rollback()  # No transaction is held while AWS is spoken to.
    make_lambda_client(current_settings()).invoke(payload, record.id)


def react_again(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Run the handler that `target` names on the event; its deliveries are then owed like any."""
    (handler,) = (
        each for each in reactions_to(record.type).deliver if each.__name__ == delivery.target
    )
    session.rollback()  # Units of work begin with a transaction of their own.
    with unit_of_work() as own:
        deliveries.owe(own, [Owed(record, to) for to in handler(own, record)])


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
