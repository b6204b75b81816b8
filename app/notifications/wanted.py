"""Whether a mail that an event owes may and should still be sent when its turn comes."""

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.lifecycle import OPEN
from app.comments.models import Comment
from app.core.delivery_models import Delivery, State
from app.core.events import EventRecord
from app.notifications.channels import EMAIL_CHANNEL
from app.notifications.kinds import Channel, Kind
from app.notifications.mails.changes import combined
from app.notifications.mails.letter import Letter
from app.notifications.models import Notification
from app.notifications.preferences import wants
from app.projects.models import Project, ProjectMember
from app.projects.permissions import Permission
from app.projects.queries import standing_in
from app.tasks.models import Task
from app.tasks.queries import standing_to
from app.tasks.recording import as_json
from app.users.actor import Actor
from app.users.models import User


class NotWanted(Exception):
    """The delivery has become pointless; the text says why."""


Check = Callable[[Session, Letter], None]
"""Raises NotWanted where a letter should not go out."""


def check(session: Session, letter: Letter) -> None:
    """Raise NotWanted unless the recipient may and would have the letter at this moment."""
    if not wants(session, letter.recipient.id, letter.kind, Channel.EMAIL):
        raise NotWanted("the user does not want such mails any more")
    CHECKS[letter.kind](session, letter)


def _check_task(session: Session, letter: Letter) -> None:
    """The recipient sees the task and still has to do with it."""
    task = _visible_task(session, letter)
    if letter.recipient.id not in (task.assignee_id, task.reporter_id):
        raise NotWanted("the task is not the user's any more")


def _check_change(session: Session, letter: Letter) -> None:
    """As for a task; and something is not as it was before."""
    _check_task(session, letter)
    if not combined(letter.records):
        raise NotWanted("everything is again as it was before")


def _check_due_soon(session: Session, letter: Letter) -> None:
    """The task still is the recipient's to do, by the same date."""
    task = _visible_task(session, letter)
    if task.assignee_id != letter.recipient.id:
        raise NotWanted("the task is not the user's any more")
    if task.status not in OPEN:
        raise NotWanted("the task is closed")
    if as_json(task)["due_date"] != letter.last.snapshot["due_date"]:
        raise NotWanted("the due date has been moved")


def _check_comment(session: Session, letter: Letter) -> None:
    """The recipient sees the task, and the comment is still there."""
    _visible_task(session, letter)
    comment = session.get(Comment, letter.last.entity_id, populate_existing=True)
    if comment is None or comment.deleted_at is not None:
        raise NotWanted("the comment was deleted")


def _check_mention(session: Session, letter: Letter) -> None:
    """The recipient sees the task, and the comment still names him or her."""
    _visible_task(session, letter)
    comment = session.get(Comment, letter.last.entity_id, populate_existing=True)
    if comment is None or letter.recipient.id not in comment.mentions:
        raise NotWanted("the comment does not mention the user any more")
    if _was_told(session, letter.last, letter.recipient):
        raise NotWanted("the user was told of this mention before")


def _check_invitation(session: Session, letter: Letter) -> None:
    """The recipient still is a member of the project."""
    project_id = letter.last.project_id
    project = session.get(Project, project_id, populate_existing=True)
    membership = session.get(ProjectMember, (project_id, letter.recipient.id))
    if project is None or project.deleted_at is not None or membership is None:
        raise NotWanted("the user is not in the project any more")


def _check_summary(_: Session, letter: Letter) -> None:
    """The recipient still has some of the tasks."""
    if not letter.open_to:
        raise NotWanted("none of the tasks is the user's any more")


def _check_webhook(session: Session, letter: Letter) -> None:
    """The recipient may still see the webhook, whose address is no news for other members."""
    if letter.last.project_id is None:
        return
    project = session.get_one(Project, letter.last.project_id, populate_existing=True)
    standing = standing_in(session, project, Actor.of(letter.recipient))
    if project.deleted_at is not None or not standing.may(Permission.MANAGE_WEBHOOKS):
        raise NotWanted("the user may not see the webhook any more")


def _check_nothing(_: Session, __: Letter) -> None:
    """There is nothing that could have changed."""


CHECKS: Mapping[Kind, Check] = {
    Kind.MENTIONED: _check_mention,
    Kind.ASSIGNED: _check_task,
    Kind.SLA_BREACHED: _check_task,
    Kind.DUE_SOON: _check_due_soon,
    Kind.PROJECT_INVITATION: _check_invitation,
    Kind.COMMENTED: _check_comment,
    Kind.CHANGED: _check_change,
    Kind.DAILY_SUMMARY: _check_summary,
    Kind.WEBHOOK_DISABLED: _check_webhook,
    Kind.TEST: _check_nothing,
}


def _was_told(session: Session, record: EventRecord, recipient: User) -> bool:
    """Whether an earlier mention in the comment was mailed: a name may go by an edit and come back.

    Mails about one task to one person go out in the order of the events, so none is under way.
    """
    earlier = (
        select(Delivery.id)
        .join(EventRecord, EventRecord.id == Delivery.event_id)
        .join(Notification, Notification.event_id == EventRecord.id)
        .where(
            Notification.user_id == recipient.id,
            Notification.kind == Kind.MENTIONED.value,
            EventRecord.entity == record.entity,
            EventRecord.entity_id == record.entity_id,
            EventRecord.id < record.id,
            Delivery.channel == EMAIL_CHANNEL,
            Delivery.target == str(recipient.id),
            Delivery.state == State.DONE,
        )
    )
    return session.scalar(earlier.limit(1)) is not None


def _visible_task(session: Session, letter: Letter) -> Task:
    task = session.get(Task, letter.last.task_id, populate_existing=True)
    if task is None or not sees_task(session, task, letter.recipient):
        raise NotWanted("the user may not see the task any more")
    return task


def sees_task(session: Session, task: Task, user: User) -> bool:
    """Whether the task is there for `user` at this moment."""
    return task.deleted_at is None and standing_to(session, task, Actor.of(user)).sees
