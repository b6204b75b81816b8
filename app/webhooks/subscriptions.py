"""What an endpoint can subscribe to, and whether a type of event is among it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, or_, true

from app.boards.events import BoardCreated, BoardDeleted, BoardUpdated
from app.comments.events import CommentCreated, CommentDeleted, CommentUpdated
from app.core.events import EventRecord
from app.notifications.kinds import Kind
from app.projects.events import (
    MemberAdded,
    MemberRemoved,
    MemberUpdated,
    ProjectCreated,
    ProjectDeleted,
    ProjectUpdated,
)
from app.tasks.events import (
    TaskCreated,
    TaskDeleted,
    TaskEvent,
    TaskRestored,
    TaskSlaBreached,
    TaskUpdated,
)
from app.webhooks.events import (
    WebhookCreated,
    WebhookDeleted,
    WebhookDisabled,
    WebhookSecretRotated,
    WebhookUpdated,
)

EVERYTHING = "*"
NOTIFICATION = "notification"

OF_PROJECTS = tuple(
    kind.type
    for kind in (
        *(TaskCreated, TaskUpdated, TaskSlaBreached, TaskDeleted, TaskRestored),
        *(CommentCreated, CommentUpdated, CommentDeleted),
        *(BoardCreated, BoardUpdated, BoardDeleted),
        *(MemberAdded, MemberUpdated, MemberRemoved),
        *(ProjectCreated, ProjectUpdated, ProjectDeleted),
        *(WebhookCreated, WebhookUpdated, WebhookSecretRotated, WebhookDisabled, WebhookDeleted),
    )
)
"""The types of event that enter the streams of projects."""
OF_USERS = tuple(f"{NOTIFICATION}.{kind}" for kind in Kind)
"""What users are told of, as types of event."""


def patterns(types: Sequence[str]) -> tuple[str, ...]:
    """Every pattern that means something among `types`: `*`, `task.*`, `task.created`."""
    groups = dict.fromkeys(f"{name.partition('.')[0]}.*" for name in types)
    return (EVERYTHING, *groups, *types)


def matches(wanted: Sequence[str], event_type: str) -> bool:
    """Whether one of the patterns `wanted` is for `event_type`."""
    group = event_type.partition(".")[0]
    return not {EVERYTHING, f"{group}.*", event_type}.isdisjoint(wanted)


def type_for(record: EventRecord, project_id: int) -> str:
    """As what the members of a project are told of an event: a task that leaves is gone."""
    leaves = record.entity == TaskEvent.entity and record.project_id != project_id
    return TaskDeleted.type if leaves else record.type


def matching(wanted: Sequence[str], project_id: int) -> ColumnElement[bool]:
    """As `matches` of `type_for`, as a condition on events of the stream of `project_id`."""
    if EVERYTHING in wanted:
        return true()
    leaves = and_(
        EventRecord.entity == TaskEvent.entity, EventRecord.project_id.is_distinct_from(project_id)
    )
    told = case((leaves, TaskDeleted.type), else_=EventRecord.type)
    groups = [name.removesuffix("*") for name in wanted if name.endswith(".*")]
    return or_(told.in_(wanted), *(told.startswith(group) for group in groups))
