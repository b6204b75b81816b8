"""Delivering: one attempt at one delivery, from claim to result.

The claim and the result are two short transactions; nothing is held while the outside is spoken to.
What was true at the event may not be true any more, so everything is checked again here.
"""

import logging
import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.functions import make_lambda_client
from app.config import current_settings
from app.core import context, deliveries
from app.core.db import unit_of_work
from app.core.deliveries import Delivery, NotNow, Owed, Refused
from app.core.events import EventRecord, reactions_to
from app.extensions import db
from app.notifications.completion import completion_payload
from app.notifications.wanted import NotWanted
from app.users.models import User

log = logging.getLogger(__name__)


Claim = Callable[[Session, int], Delivery | None]
Deliver = Callable[[Session, Delivery, EventRecord], None]

_CREDENTIALS = re.compile(
    r"(://[^\s:/@]*:|(?:password|passwd|secret|token|key)\w*['\"]?\s*[=:]\s*)[^\s@,;]+",
    re.IGNORECASE,
)


def attempt(delivery_id: int, deliver: Deliver, claim: Claim = deliveries.claim) -> str:
    """Try one delivery with `deliver` and write down how it went; returns that in a word.

    Nothing happens where somebody else has it, it is done, or it has to wait its turn. Whatever
    `deliver` raises is noted on the row, which decides when to try again; after `Refused`, never.
    `NotNow` is no attempt at all.
    """
    with unit_of_work() as session:
        delivery = claim(session, delivery_id)
    if delivery is None:
        return "nothing to do"
    try:
        record = db.session.get_one(EventRecord, delivery.event_id)
        context.set_request_id(record.request_id or context.request_id.get())
        deliver(db.session(), delivery, record)
    except NotWanted as reason:
        why = str(reason)
        return _note(delivery, lambda session: deliveries.drop(session, delivery, why))
    except NotNow as pause:
        wait = pause.wait
        return _note(delivery, lambda session: deliveries.postpone(session, delivery, wait))
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


def invoke_lambda(session: Session, _: Delivery, record: EventRecord) -> None:
    """Tell the Lambda that a task was completed. Raises LambdaError, LambdaRefused."""
    assignee_id = record.snapshot["assignee"]
    assignee = session.get(User, assignee_id) if assignee_id else None
    payload = completion_payload(record, assignee)
    session.rollback()  # No transaction is held while AWS is spoken to.
    make_lambda_client(current_settings()).invoke(payload, record.id)


def react_again(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Run the handler that `target` names on the event; its deliveries are then owed like any.

    So are those of the handlers after it, which may build upon what it does; twice is as good as
    once.
    """
    handlers = reactions_to(record.type).deliver
    first = [each.__name__ for each in handlers].index(delivery.target)
    session.rollback()  # Units of work begin with a transaction of their own.
    with unit_of_work() as own:
        owed = (to for handler in handlers[first:] for to in handler(own, record))
        deliveries.owe(own, [Owed(record, to) for to in owed])


def _note(delivery: Delivery, write: Callable[[Session], None]) -> str:
    db.session.rollback()
    with unit_of_work() as session:
        write(session)
    state = db.session.scalar(select(Delivery.state).where(Delivery.id == delivery.id))
    return f"delivery {delivery.id} is {state}"
