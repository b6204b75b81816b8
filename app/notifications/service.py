"""Delivering: one attempt at one delivery, from claim to result.

The claim and the result are two short transactions; nothing is held while the outside is spoken to.
What was true at the event may not be true any more, so everything is checked again here.
"""

import logging
import re
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.aws_lambda import make_lambda_client
from app.clients.mailer import make_mailer
from app.comments.events import CommentEvent
from app.comments.models import Comment
from app.config import current_settings
from app.core import context, deliveries
from app.core.db import unit_of_work
from app.core.deliveries import Delivery, Owed
from app.core.events import DeliverTo, EventRecord, reactions_to
from app.extensions import db
from app.notifications.comment_mail import mention_content
from app.notifications.completion import completion_payload
from app.notifications.mail import Content, compose
from app.notifications.task_mail import People, task_content
from app.tasks.events import TaskEvent
from app.tasks.models import Task
from app.tasks.queries import standing_to
from app.users.actor import Actor
from app.users.models import User

log = logging.getLogger(__name__)


class NotWanted(Exception):
    """The delivery has become pointless; the text says why."""


Deliver = Callable[[Session, Delivery, EventRecord], None]

_CREDENTIALS = re.compile(
    r"(://[^\s:/@]*:|(?:password|passwd|secret|token|key)\w*['\"]?\s*[=:]\s*)[^\s@,;]+",
    re.IGNORECASE,
)


def attempt(delivery_id: int, deliver: Deliver) -> str:
    """Try one delivery with `deliver` and write down how it went; returns that in a word.

    Nothing happens where somebody else has it, it is done, or it has to wait its turn. Whatever
    `deliver` raises is noted on the row, which decides when to try again.
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
    """Mail somebody about the event. Raises NotWanted, MailError."""
    settings = current_settings()
    recipient = _recipient(session, delivery, record)
    task = _task_for(session, recipient, record)
    content = _CONTENT[record.entity](session, record, recipient, task)
    message = compose(record, recipient, content, settings)
    session.rollback()  # No transaction is held while the mail server is spoken to.
    make_mailer(settings).send(message)


def invoke_lambda(session: Session, _: Delivery, record: EventRecord) -> None:
    """Tell the Lambda that a task was completed. Raises LambdaError."""
    assignee_id = record.snapshot["assignee"]
    assignee = session.get(User, assignee_id) if assignee_id else None
    payload = completion_payload(record, assignee)
    session.rollback()  # No transaction is held while AWS is spoken to.
    make_lambda_client(current_settings()).invoke(payload)


def react_again(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Run the handler that `target` names on the event; its deliveries are then owed like any."""
    (handler,) = (
        each for each in reactions_to(record.type).deliver if each.__name__ == delivery.target
    )
    wanted: Iterable[DeliverTo] = handler(record)
    session.rollback()  # Units of work begin with a transaction of their own.
    with unit_of_work() as own:
        deliveries.owe(own, [Owed(record, to) for to in wanted])


def _recipient(session: Session, delivery: Delivery, record: EventRecord) -> User:
    """Who is to be told. Raises NotWanted for who cannot be, or does not want to be."""
    recipient = session.get(User, int(delivery.target), populate_existing=True)
    if recipient is None or not recipient.is_active or not recipient.email:
        raise NotWanted("the user is disabled or has no e-mail address")
    if record.actor_id == recipient.id and not recipient.email_own_changes:
        raise NotWanted("it is the user's own change")
    return recipient


def _task_for(session: Session, recipient: User, record: EventRecord) -> Task:
    """The task of the event. Raises NotWanted where the recipient does not see it (any more)."""
    task = session.get(Task, record.task_id, populate_existing=True)
    if task is None or task.deleted_at is not None:
        raise NotWanted("the task was deleted")
    if not standing_to(session, task, Actor.of(recipient)).sees:
        raise NotWanted("the user may not see the task any more")
    return task


def _about_task(session: Session, record: EventRecord, recipient: User, _: Task) -> Content:
    names = _names(session, record)
    people = People(recipient, names.get(record.actor_id or 0, "Somebody"), names)
    return task_content(record, people, current_settings())


def _about_comment(session: Session, record: EventRecord, _: User, task: Task) -> Content:
    comment = session.get(Comment, record.entity_id, populate_existing=True)
    if comment is None or comment.deleted_at is not None:
        raise NotWanted("the comment was deleted")
    actor = _names(session, record).get(record.actor_id or 0, "Somebody")
    return mention_content(record, task, actor, current_settings())


_CONTENT: dict[str, Callable[[Session, EventRecord, User, Task], Content]] = {
    TaskEvent.entity: _about_task,
    CommentEvent.entity: _about_comment,
}
"""What a mail says, by what the event is about."""


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
