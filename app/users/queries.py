"""Reading accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.users.models import Role, User


def find_user(session: Session, user_id: int) -> User | None:
    """The account with that id, active or not."""
    return session.get(User, user_id)


def find_by_login(session: Session, login: str) -> User | None:
    """The account with that username or e-mail, whatever the case of its letters."""
    # A username never holds an @ (see the schema), so the two can't be mistaken for each other.
    column = User.email if "@" in login else User.username
    return session.scalar(select(User).where(func.lower(column) == login.lower()))


def list_users(session: Session, query: Mapping[str, Any]) -> tuple[int, Sequence[User]]:
    """Count and page of the accounts that match `query` (see UserQuerySchema), by id."""
    matching = _matching(query)
    count = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = matching.order_by(User.id).limit(query["page_size"])
    page = page.offset((query["page"] - 1) * query["page_size"])
    return count, list(session.scalars(page))


def another_admin_exists(session: Session, user_id: int) -> bool:
    """Whether an active administrator other than `user_id` exists."""
    others = select(User.id).where(User.role == Role.ADMIN, User.is_active, User.id != user_id)
    return session.scalar(others.limit(1)) is not None


def _matching(query: Mapping[str, Any]) -> Select[User]:
    users = select(User)
    if "role" in query:
        users = users.where(User.role.in_(query["role"]))
    if "is_active" in query:
        users = users.where(User.is_active == query["is_active"])
    if text := query.get("search"):
        columns = (User.username, User.email, User.first_name, User.last_name)
        users = users.where(or_(*(c.icontains(text, autoescape=True) for c in columns)))
    return users
