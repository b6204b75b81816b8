"""Delivering: one attempt at one delivery, from claim to result.

The claim and the result are two short transactions; nothing is held while the outside is spoken to.
What was true at the event may not be true any more, so everything is checked again here.
"""

import logging
import re
from collections.abc import Callable
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.functions import make_lambda_client
from app.config import current_settings
from app.core import context, deliveries
from app.core.db import unit_of_work
from app.core.deliveries import NotNow, Owed, Refused
from app.core.delivery_models import Delivery
from app.core.errors import in_one_line
from app.core.events import EventRecord, reactions_to
from app.extensions import db
from app.notifications.completion import completion_payload
from app.notifications.wanted import NotWanted
from app.users.models import User

log = logging.getLogger(__name__)

Claim = Callable[[Session, int], Delivery | None]
Note = Callable[[Session], None]
"""Writes down what became of a delivery."""
Deliver = Callable[[Session, Delivery, EventRecord], Note | None]
"""Makes an attempt; without a note it went well."""

_CREDENTIALS = re.compile(
    r"(://[^\s:/@]*:|(?:password|passwd|secret|token|key)\w*['\"]?\s*[=:]\s*)[^\s@,;]+",
    re.IGNORECASE,
)


def attempt(delivery_id: int, deliver: Deliver, claim: Claim = deliveries.claim) -> str:
    """Try one delivery with `deliver` and write down how it went; returns that in a word.

    Nothing happens where somebody else has it, it is done, or it has to wait its turn.
    """
    with unit_of_work() as session:
        delivery = claim(session, delivery_id)
    if delivery is None:
        return "nothing to do"
    # It stays as it was claimed, whoever changes the row: by that a late attempt is known as late.
    db.session.expunge(delivery)
    note = _try(delivery, deliver)
    db.session.rollback()
    with unit_of_work() as session:
        note(session)
    columns = select(Delivery.state, Delivery.last_error)
    state, error = db.session.execute(columns.where(Delivery.id == delivery.id)).one()
    return f"delivery {delivery.id} is {state}" + (f": {error}" if error else "")


def _try(delivery: Delivery, deliver: Deliver) -> Note:
    """What is to be noted of an attempt.

    Whatever `deliver` raises is noted on the row, which decides when to try again; after `Refused`,
    never. `NotNow` is no attempt at all.
    """
    try:
        record = db.session.get_one(EventRecord, delivery.event_id)
        context.set_request_id(record.request_id or context.request_id.get())
        note = deliver(db.session(), delivery, record)
    except NotWanted as reason:
        return partial(deliveries.drop, delivery=delivery, reason=str(reason))
    except NotNow as pause:
        return partial(deliveries.postpone, delivery=delivery, wait=pause.wait)
    except Refused as error:
        problem = described(error)
        log.error("Delivery %s was refused for good: %s", delivery.id, problem)
        return partial(deliveries.refuse, delivery=delivery, error=problem)
    except Exception as error:  # noqa: BLE001 - a bug in one mail must not leave its row leased
        problem = described(error)
        log.warning("Delivery %s failed: %s", delivery.id, problem)
        return partial(deliveries.fail, delivery=delivery, error=problem)
    return note or partial(deliveries.finish, delivery=delivery)


def described(error: Exception) -> str:
    """An error as one line, without what looks like a password."""
    line = _CREDENTIALS.sub(r"\1***", in_one_line(error))
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
