"""Whom a comment names: `@username`, but not in code and not in an e-mail address."""

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.projects.models import ProjectMember
from app.tasks.models import Task
from app.users.models import Role, User

MAX_MENTIONS = 50

# Markdown's fenced blocks and code spans (as many backticks at the end as at the beginning).
_CODE = re.compile(r"^(```+|~~~+).*?(?:^\1|\Z)|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`)", re.S | re.M)
# A name as `app.users.schemas.USERNAME` has it, that does not end in punctuation of the sentence.
_NAME = re.compile(r"(?<![\w@.+-])@([A-Za-z0-9](?:[A-Za-z0-9._+-]{0,148}[A-Za-z0-9_])?)(?![\w@])")


def names_in(body: str) -> list[str]:
    """The names that `body` mentions, in lower case, each once, the first MAX_MENTIONS of them."""
    found = (match[1].lower() for match in _NAME.finditer(_CODE.sub(" ", body)))
    return list(dict.fromkeys(found))[:MAX_MENTIONS]


def people_mentioned(session: Session, body: str, task: Task) -> list[int]:
    """The ids of those whom `body` names and who see `task`, in rising order."""
    names = names_in(body)
    if not names:
        return []
    named = select(User.id).where(func.lower(User.username).in_(names), User.is_active)
    return list(session.scalars(named.where(_sees(task)).order_by(User.id)))


def _sees(task: Task) -> ColumnElement[bool]:
    """Whether a user sees `task`: the rule of `app.tasks.policy`, as a condition over people."""
    if task.project_id is None:
        people: Iterable[int | None] = (task.reporter_id, task.assignee_id)
        return or_(User.role == Role.ADMIN, User.id.in_([each for each in people if each]))
    members = select(ProjectMember.user_id).where(ProjectMember.project_id == task.project_id)
    return or_(User.role == Role.ADMIN, User.id.in_(members))
