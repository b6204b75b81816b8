"""One attempt at one delivery to an endpoint: what is sent, and what follows from the answer.

Preparation and result are short transactions of their own; nothing is held while the receiver is
spoken to. Everything is checked again at every attempt.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.clients.http import Answer, HttpError, UnsafeAddress, make_http_client
from app.config import current_settings
from app.core import clock, deliveries
from app.core.db import unit_of_work
from app.core.delivery_models import Delivery
from app.core.events import EventRecord
from app.notifications.service import Note, described
from app.notifications.wanted import NotWanted
from app.projects.models import Project
from app.users.models import User
from app.webhooks import circuit
from app.webhooks.messages import Envelope, envelope
from app.webhooks.models import WebhookAttempt, WebhookEndpoint
from app.webhooks.queries import secrets_of
from app.webhooks.signing import signed_headers

log = logging.getLogger(__name__)

GONE = 410
ASKS_FOR_TIME = (429, 503)
LONGEST_ASKED = timedelta(hours=1)
MAX_ANSWER = 4096
DELETED = "the webhook was deleted"


@dataclass(frozen=True)
class Call:
    """A request that is to be made; `as_scout` while the endpoint is known to fail."""

    endpoint_id: int
    event_id: object
    url: str
    headers: Mapping[str, str]
    envelope: Envelope
    as_scout: bool


@dataclass(frozen=True)
class Result:
    """What came of it: an answer, or why there is none."""

    answer: Answer | None
    error: str | None

    @property
    def after(self) -> timedelta | None:
        """When the receiver asks to be tried again."""
        if self.answer is None or self.answer.status not in ASKS_FOR_TIME:
            return None
        named = {name.lower(): value for name, value in self.answer.headers.items()}
        return _asked_pause(named.get("retry-after", ""))


def deliver(session: Session, delivery: Delivery, record: EventRecord) -> Note:
    """Call an endpoint; returns what writes down how that went. Raises NotWanted, NotNow."""
    session.rollback()  # Units of work begin with a transaction of their own.
    with unit_of_work() as own:
        call = _prepare(own, delivery, record)
    return partial(_conclude, delivery=delivery, call=call, result=_send(call))


def _prepare(session: Session, delivery: Delivery, record: EventRecord) -> Call:
    """What is to be sent now. Raises NotWanted, NotNow."""
    endpoint = session.get(WebhookEndpoint, int(delivery.target), populate_existing=True)
    if endpoint is None:
        raise NotWanted(DELETED)
    _check_owner(session, endpoint, record)
    message = envelope(session, endpoint, record)
    circuit.enter(session, endpoint, has_failed=delivery.attempts > 1)
    secrets = secrets_of(session, endpoint.id)
    signed = signed_headers(message.id, clock.now(), message.body, secrets)
    headers = {"Content-Type": "application/json", "User-Agent": "task-service", **signed}
    is_failing = endpoint.failures > 0
    return Call(endpoint.id, record.event_id, endpoint.url, headers, message, is_failing)


def _check_owner(session: Session, endpoint: WebhookEndpoint, record: EventRecord) -> None:
    """Raise NotWanted unless whoever the endpoint belongs to is still there.

    Of a deleted project it is still told that it is gone, and all that went with it.
    """
    if not endpoint.is_active:
        raise NotWanted("the webhook is switched off")
    if endpoint.project_id is not None:
        project = session.get_one(Project, endpoint.project_id, populate_existing=True)
        if project.deleted_at is not None and not record.type.endswith(".deleted"):
            raise NotWanted("the project was deleted")
    elif not session.get_one(User, endpoint.user_id, populate_existing=True).is_active:
        raise NotWanted("the user is disabled")


def _send(call: Call) -> Result:
    try:
        client = make_http_client(current_settings())
        answer = client.post(call.url, call.envelope.body, call.headers)
    except (UnsafeAddress, HttpError) as error:
        return Result(None, described(error))
    is_success = 200 <= answer.status < 300
    return Result(answer, None if is_success else f"The answer was {answer.status}.")


def _conclude(session: Session, delivery: Delivery, call: Call, result: Result) -> None:
    """Write down what came of an attempt: for the log, for the delivery, for the endpoint."""
    session.execute(insert(WebhookAttempt), _logged(delivery, call, result))
    if result.error is None and not call.as_scout:
        # The lock of an endpoint that is well would keep its attempts from running side by side.
        deliveries.finish(session, delivery)
        return
    endpoint = session.get(
        WebhookEndpoint, call.endpoint_id, with_for_update=True, populate_existing=True
    )
    if result.error is None:
        if endpoint is not None:
            circuit.note_success(session, endpoint)
        deliveries.finish(session, delivery)
        return
    log.warning("Delivery %s failed: %s", delivery.id, result.error)
    again = _note_failure(session, endpoint, call, result)
    if endpoint is None or not endpoint.is_active:
        deliveries.drop(session, delivery, (endpoint and endpoint.disabled_reason) or DELETED)
    else:
        deliveries.fail(session, delivery, result.error, after=again)


def _note_failure(
    session: Session, endpoint: WebhookEndpoint | None, call: Call, result: Result
) -> timedelta | None:
    """Note it on the endpoint, unless that is off by now; when to try the delivery again."""
    if endpoint is None or not endpoint.is_active:
        return None
    if result.answer is not None and result.answer.status == GONE:
        circuit.disable(session, endpoint, "Its receiver answered 410 Gone.")
        return None
    return circuit.note_failure(session, endpoint, as_scout=call.as_scout, after=result.after)


def _logged(delivery: Delivery, call: Call, result: Result) -> dict[str, object]:
    answer = result.answer
    return {
        "endpoint_id": call.endpoint_id,
        "delivery_id": delivery.id,
        "event_id": call.event_id,
        "event_type": call.envelope.type,
        "attempt": delivery.attempts,
        "url": call.url,
        "request_headers": dict(call.headers),
        "request_body": call.envelope.body.decode(),
        "status": answer.status if answer else None,
        "response_headers": _storable_headers(answer),
        "response_body": _storable(answer.body[:MAX_ANSWER].decode(errors="replace"))
        if answer
        else None,
        "error": result.error,
        "milliseconds": answer.milliseconds if answer else 0,
    }


def _storable_headers(answer: Answer | None) -> dict[str, str]:
    given = answer.headers.items() if answer else ()
    return {_storable(name): _storable(value) for name, value in given}


def _storable(text: str) -> str:
    """`text` without what PostgreSQL cannot hold."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _asked_pause(value: str) -> timedelta | None:
    """`Retry-After`, in seconds or as a date, but no longer than LONGEST_ASKED."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(max(int(value[:9]), 1), LONGEST_ASKED.total_seconds()))
    try:
        moment = parsedate_to_datetime(value)
        pause = moment - clock.now()
    except (ValueError, TypeError):
        return None
    return min(pause, LONGEST_ASKED) if pause > timedelta(0) else None
