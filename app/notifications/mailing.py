"""Sending one mail: what it tells is read, checked and written at this moment, then handed over."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clients.mailer import make_mailer
from app.config import current_settings
from app.core.deliveries import NotNow
from app.core.delivery_models import Delivery
from app.core.events import EventRecord
from app.notifications import folding, quiet_hours
from app.notifications.kinds import Kind
from app.notifications.mails.letter import Letter, Links
from app.notifications.mails.table import compose
from app.notifications.models import Notification
from app.notifications.unsubscribing import unsubscribe_url
from app.notifications.wanted import NotWanted, check
from app.projects.models import Project
from app.tasks.models import Task
from app.users.models import User


def send_email(session: Session, delivery: Delivery, record: EventRecord) -> None:
    """Mail the target about the event and what is folded into it.

    Raises NotWanted, NotNow in quiet hours, MailError, and MailRefused where it is no use to try
    again.
    """
    letter = _letter(session, delivery, record)
    check(session, letter)
    if letter.kind is not Kind.TEST and (wait := quiet_hours.remaining(session, letter.recipient)):
        raise NotNow(wait)
    settings = current_settings()
    message = compose(letter, settings.EMAIL_FROM)
    session.rollback()  # No transaction is held while the mail server is spoken to.
    make_mailer(settings).send(message)


def _letter(session: Session, delivery: Delivery, record: EventRecord) -> Letter:
    recipient = session.get(User, int(delivery.target), populate_existing=True)
    if recipient is None or not recipient.is_active or not recipient.email:
        raise NotWanted("the user is disabled or has no e-mail address")
    kind = _kind(session, record, recipient)
    settings = current_settings()
    records = _of_interest(folding.records_of(session, delivery), recipient, kind)
    return Letter(
        kind=kind,
        head=record,
        records=records,
        recipient=recipient,
        links=Links(settings.PUBLIC_URL, unsubscribe_url(recipient.id, kind, settings)),
        title=_title(session, record),
        names=_names(session, records),
        open_to=_open_to(session, record, recipient) if kind is Kind.DAILY_SUMMARY else frozenset(),
    )


def _kind(session: Session, record: EventRecord, recipient: User) -> Kind:
    told = select(Notification.kind).where(
        Notification.event_id == record.id, Notification.user_id == recipient.id
    )
    return Kind(session.scalars(told).one())


def _of_interest(
    records: Sequence[EventRecord], recipient: User, kind: Kind
) -> Sequence[EventRecord]:
    """Without the recipient's own changes, unless those are wanted; what was asked for is."""
    if recipient.email_own_changes or kind is Kind.TEST:
        return records
    others = [record for record in records if record.actor_id != recipient.id]
    if not others:
        raise NotWanted("it is the user's own change")
    return others


def _title(session: Session, record: EventRecord) -> str:
    """What the task or the project is called now; nothing where the event is about neither."""
    if record.task_id is not None:
        title = session.scalar(select(Task.title).where(Task.id == record.task_id))
    else:
        title = session.scalar(select(Project.name).where(Project.id == record.project_id))
    return title or ""


def _open_to(session: Session, record: EventRecord, recipient: User) -> frozenset[int]:
    """The tasks of a summary that are still the recipient's, who therefore sees them."""
    ids = [task["id"] for each in record.snapshot["sections"] for task in each["tasks"]]
    theirs = select(Task.id).where(
        Task.id.in_(ids), Task.assignee_id == recipient.id, Task.deleted_at.is_(None)
    )
    return frozenset(session.scalars(theirs))


def _names(session: Session, records: Sequence[EventRecord]) -> Mapping[int, str]:
    """The names of everyone whom the mail may mention."""
    ids: set[int | None] = set()
    for record in records:
        ids |= {record.actor_id, *record.changes.get("assignee", ())}
    users: Iterable[User] = session.scalars(select(User).where(User.id.in_(ids - {None})))
    return {user.id: user.display_name for user in users}
