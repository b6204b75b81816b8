"""Reading accounts."""

from sqlalchemy import func, select
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


def an_admin_exists(session: Session) -> bool:
    """Whether there is any administrator, active or not."""
    return session.scalar(select(User.id).where(User.role == Role.ADMIN).limit(1)) is not None


def another_admin_exists(session: Session, user_id: int) -> bool:
    """Whether an active administrator other than `user_id` exists."""
    others = select(User.id).where(User.role == Role.ADMIN, User.is_active, User.id != user_id)
    return session.scalar(others.limit(1)) is not None
