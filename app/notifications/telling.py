"""Telling people of an event: the rows that say so, and the mails that are owed for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.core.events import DeliverTo, EventRecord
from app.notifications.channels import EMAIL_CHANNEL
from app.notifications.folding import wait_of
from app.notifications.kinds import STRENGTH, Channel, Kind
from app.notifications.models import Notification
from app.notifications.preferences import Wishes, wishes_of

Recipients = Mapping[int, Kind]
"""Id of a user → as what he or she is told of an event."""


def strongest(*told: tuple[Kind, Iterable[int | None]]) -> Recipients:
    """Everyone whom `told` names, each with the strongest of the kinds; nobody for None."""
    found: dict[int, Kind] = {}
    for kind, people in sorted(told, key=lambda each: STRENGTH[each[0]]):
        found.update((person, kind) for person in people if person is not None)
    return found


def tell(session: Session, record: EventRecord, recipients: Recipients) -> list[DeliverTo]:
    """Note whom an event is told to, and return the mails that are owed for it.

    Nobody is told of an own change, but by mail who asked for that. A second time changes nothing.
    """
    wishes = wishes_of(session, recipients)
    told = {
        user_id: ways
        for user_id, kind in sorted(recipients.items())
        if user_id in wishes and (ways := _ways(wishes[user_id], kind, record.actor_id == user_id))
    }
    rows = [_row(record, user_id, recipients[user_id], ways) for user_id, ways in told.items()]
    if rows:
        session.execute(upsert(Notification).on_conflict_do_nothing(), rows)
    mailed = [user_id for user_id, ways in told.items() if Channel.EMAIL in ways]
    return [
        DeliverTo(EMAIL_CHANNEL, str(user_id), wait_of(recipients[user_id])) for user_id in mailed
    ]


def _ways(wishes: Wishes, kind: Kind, is_own: bool) -> set[Channel]:
    """The channels by which somebody is told."""
    wanted = {channel for channel in Channel if wishes.wants(kind, channel)}
    if kind is Kind.TEST:
        return wanted & {Channel.EMAIL}
    if is_own:
        return wanted & {Channel.EMAIL} if wishes.email_own_changes else set()
    return wanted


def _row(record: EventRecord, user_id: int, kind: Kind, ways: set[Channel]) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "event_id": record.id,
        "kind": kind.value,
        "task_id": record.task_id,
        "project_id": record.project_id,
        "in_inbox": Channel.INBOX in ways,
    }
