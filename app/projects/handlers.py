"""What follows for projects from what happens to accounts."""

from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import clock, events
from app.core.events import Event
from app.projects.events import MemberAdded, about_member
from app.projects.models import DEFAULT_PROJECT_ID, ProjectMember, ProjectRole
from app.projects.queries import share_project


def join_default_project(session: Session, event: Event) -> None:
    """Make a new user a member of the default project, while there is one to join."""
    if not current_settings().JOIN_DEFAULT_PROJECT:
        return
    project = share_project(session, DEFAULT_PROJECT_ID)
    if project is None or project.deleted_at is not None or project.is_archived:
        return
    member = ProjectMember(
        project_id=project.id,
        user_id=event.entity_id,
        role=ProjectRole.MEMBER,
        joined_at=clock.now(),
    )
    session.add(member)
    events.record(about_member(member, MemberAdded, actor_id=event.entity_id))
