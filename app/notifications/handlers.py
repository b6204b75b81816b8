"""Who is told of an event, and what else it owes.

The relay asks once per event. Nobody is told of an own change; what somebody may not see any more
is left out by the inbox, and by the mail when its turn comes.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.comments.events import CommentCreated, newly_mentioned
from app.comments.models import Comment
from app.core.events import DeliverTo, EventRecord
from app.notifications.channels import LAMBDA_CHANNEL
from app.notifications.kinds import Kind
from app.notifications.mails.wording import LABELS
from app.notifications.telling import strongest, tell
from app.tasks.events import TaskCreated, TaskDueSoon, is_breach, is_completion
from app.tasks.models import Task


def notify_of_task(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """Tell whoever has a task now, or reported it, what became of it.

    A card that only moved up or down its column says nothing to them.
    """
    assignee, reporter = record.snapshot["assignee"], record.snapshot["reporter"]
    is_news = LABELS.keys() & record.changes.keys()
    is_given = record.type == TaskCreated.type or "assignee" in record.changes
    told = strongest(
        (Kind.ASSIGNED, [assignee] if is_given else []),
        (Kind.SLA_BREACHED, [assignee or reporter] if is_breach(record) else []),
        (Kind.DUE_SOON, [assignee] if record.type == TaskDueSoon.type else []),
        (Kind.CHANGED, [assignee, reporter] if is_news else []),
    )
    return tell(session, record, told)


def notify_of_comment(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """Tell those whom a comment names for the first time, and of a new one all who take part."""
    part = _take_part(session, record) if record.type == CommentCreated.type else []
    others = [person for person in part if person != record.actor_id]
    told = strongest((Kind.MENTIONED, newly_mentioned(record)), (Kind.COMMENTED, others))
    return tell(session, record, told)


def notify_of_membership(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """Tell somebody who was made a member of a project by somebody else."""
    if record.actor_id in (None, record.entity_id):
        return []
    return tell(session, record, {record.entity_id: Kind.PROJECT_INVITATION})


def notify_of_day(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """Send somebody the summary of the day."""
    return tell(session, record, {record.entity_id: Kind.DAILY_SUMMARY})


def send_test(session: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """Send somebody the test that he or she asked for."""
    return tell(session, record, {record.entity_id: Kind.TEST})


def invoke_lambda(_: Session, record: EventRecord) -> Iterable[DeliverTo]:
    """One call for each time that a task is completed."""
    return [DeliverTo(LAMBDA_CHANNEL, "completion")] if is_completion(record) else []


def _take_part(session: Session, record: EventRecord) -> list[int | None]:
    """Who has or reported the task of a comment, and who commented on it before."""
    earlier = select(Comment.author_id).where(
        Comment.task_id == record.task_id,
        Comment.id < record.entity_id,
        Comment.deleted_at.is_(None),
    )
    people = select(Task.assignee_id, Task.reporter_id).where(Task.id == record.task_id)
    return [*session.execute(people).one(), *session.scalars(earlier.distinct())]
