"""What can happen to an account; administrators read these in their stream, users in their own."""

from typing import Any, ClassVar

from app.core.events import ADMIN_STREAM, Changes, Event, StreamName
from app.users.models import User
from app.users.schemas import UserSchema


class UserEvent(Event):
    """A change of one account; never holds a password or a hash."""

    entity: ClassVar[str] = "user"


class UserRegistered(UserEvent):
    """An account came into being."""

    type: ClassVar[str] = "user.registered"


class UserUpdated(UserEvent):
    """A profile, a role or the right to sign in changed."""

    type: ClassVar[str] = "user.updated"


class PasswordChanged(UserEvent):
    """A password changed; all earlier sessions ended."""

    type: ClassVar[str] = "user.password_changed"


class SessionsEnded(UserEvent):
    """All sessions of the user were ended, by the user or because a token was stolen."""

    type: ClassVar[str] = "user.sessions_ended"


def about(
    user: User, kind: type[UserEvent], *, actor_id: int | None, changes: Changes | None = None
) -> UserEvent:
    """An event of `kind` about `user`."""
    return kind(
        entity_id=user.id,
        actor_id=actor_id,
        streams=frozenset({ADMIN_STREAM, StreamName.of_user(user.id)}),
        changes=changes or {},
        snapshot=as_json(user),
    )


def as_json(user: User) -> dict[str, Any]:
    """`user` as the API prints it."""
    dumped: dict[str, Any] = UserSchema().dump(user)
    return dumped
