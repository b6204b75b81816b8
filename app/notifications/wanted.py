"""Whether a mail that an event owes may and should still be sent when its turn comes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN
from app.comments.models import Comment
from app.core.deliveries import Delivery, State
from app.core.events import EventRecord
from app.notifications.channels import EMAIL_CHANNEL
from app.tasks.models import Task
from app.tasks.queries import standing_to
from app.tasks.recording import as_json
from app.users.actor import Actor
from app.users.models import User


class NotWanted(Exception):
    """The delivery has become pointless; the text says why."""


def check_task_mail(session: Session, record: EventRecord, recipient: User) -> None:
    """Raise NotWanted unless the recipient sees the task and still has to do with it."""
    if record.actor_id == recipient.id and not recipient.email_own_changes:
        raise NotWanted("it is the user's own change")
    task = _visible_task(session, record, recipient)
    if recipient.id not in (task.assignee_id, task.reporter_id):
        raise NotWanted("the task is not the user's any more")


def check_due_soon_mail(session: Session, record: EventRecord, recipient: User) -> None:
    """Raise NotWanted unless the task still is the recipient's to do, by the same date."""
    task = _visible_task(session, record, recipient)
    if task.assignee_id != recipient.id:
        raise NotWanted("the task is not the user's any more")
    if task.status not in OPEN:
        raise NotWanted("the task is closed")
    if as_json(task)["due_date"] != record.snapshot["due_date"]:
        raise NotWanted("the due date has been moved")


def check_mention_mail(session: Session, record: EventRecord, recipient: User) -> None:
    """Raise NotWanted unless the recipient sees the task and the comment still names him or her."""
    _visible_task(session, record, recipient)
    comment = session.get(Comment, record.entity_id, populate_existing=True)
    if comment is None or recipient.id not in comment.mentions:
        raise NotWanted("the comment does not mention the user any more")
    if _was_told(session, record, recipient):
        raise NotWanted("the user was told of this mention before")


def _was_told(session: Session, record: EventRecord, recipient: User) -> bool:
    """Whether an earlier event of the comment was mailed: a name may go by an edit and come back.

    Mails about one task to one person go out in the order of the events, so none is under way.
    """
    earlier = (
        select(Delivery.id)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .where(
            EventRecord.entity == record.entity,
            EventRecord.entity_id == record.entity_id,
            EventRecord.id < record.id,
            Delivery.channel == EMAIL_CHANNEL,
            Delivery.target == str(recipient.id),
            Delivery.state == State.DONE,
        )
    )
    return session.scalar(earlier.limit(1)) is not None


def _visible_task(session: Session, record: EventRecord, recipient: User) -> Task:
    task = session.get(Task, record.task_id, populate_existing=True)
    if task is None or not sees_task(session, task, recipient):
        raise NotWanted("the user may not see the task any more")
    return task


def sees_task(session: Session, task: Task, user: User) -> bool:
    """Whether the task is there for `user` at this moment."""
    return task.deleted_at is None and standing_to(session, task, Actor.of(user)).sees
