"""The mail to somebody who was mentioned in a comment."""

from app.config import Settings
from app.core.events import EventRecord
from app.notifications.mail import Content, link_to_task, shortened
from app.tasks.models import Task


def mention_content(
    record: EventRecord, task: Task, actor_name: str, settings: Settings
) -> Content:
    """What the mail says to whoever a comment on `task` mentions."""
    values = {
        "actor": actor_name,
        "task": {"id": task.id, "title": task.title},
        "body": shortened(record.snapshot["body"]),
        "link": link_to_task(task.id, settings),
    }
    return Content(f"{actor_name} mentioned you: {task.title}", "comment/mention_email", values)
