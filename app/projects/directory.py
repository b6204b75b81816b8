"""Who is there: administrators see every account, others the people they share a project with."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.core.errors import Forbidden, NotFound
from app.core.pagination import counted_page
from app.projects.queries import shares_project_with
from app.users.actor import Actor
from app.users.models import User
from app.users.schemas import PublicUserSchema, UserSchema

FOR_ADMINS = ("role", "is_active")


def list_people(
    session: Session, query: Mapping[str, Any], actor: Actor
) -> tuple[int, Sequence[User]]:
    """Count and page of the people whom `actor` sees and `query` (UserQuerySchema) matches, by id.

    Raises Forbidden for filters over what only administrators see.
    """
    hidden = [name for name in FOR_ADMINS if name in query]
    if hidden and not actor.is_admin:
        raise Forbidden(
            f"Only a global ADMIN may filter by {' and '.join(hidden)}.",
            errors={name: ["is for administrators only"] for name in hidden},
        )
    matching = _matching(_seen_by(actor), query, actor)
    return counted_page(session, matching.order_by(User.id), query)


def find_person(session: Session, user_id: int, actor: Actor) -> User:
    """One person. Raises NotFound also for whom `actor` may not see."""
    user: User | None = session.scalar(_seen_by(actor).where(User.id == user_id))
    if user is None:
        raise NotFound("There is no such user.")
    return user


def as_seen(user: User, actor: Actor) -> dict[str, Any]:
    """As much of `user` as `actor` may know: all of oneself, of others names only."""
    schema = UserSchema() if actor.is_admin or actor.id == user.id else PublicUserSchema()
    dumped: dict[str, Any] = schema.dump(user)
    return dumped


def _seen_by(actor: Actor) -> Select[User]:
    people = select(User)
    if actor.is_admin:
        return people
    return people.where(or_(User.id == actor.id, User.id.in_(shares_project_with(actor))))


def _matching(people: Select[User], query: Mapping[str, Any], actor: Actor) -> Select[User]:
    if "role" in query:
        people = people.where(User.role.in_(query["role"]))
    if "is_active" in query:
        people = people.where(User.is_active == query["is_active"])
    if text := query.get("search"):
        names = (User.username, User.first_name, User.last_name)
        # Nobody is to find out an address by trying its parts.
        columns = (*names, User.email) if actor.is_admin else names
        people = people.where(or_(*(c.icontains(text, autoescape=True) for c in columns)))
    return people
