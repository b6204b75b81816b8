"""Writing accounts. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import events
from app.core.errors import Conflict, Invalid, NotFound
from app.users import passwords
from app.users.actor import Actor
from app.users.events import PasswordChanged, UserEvent, UserRegistered, UserUpdated, about, as_json
from app.users.models import Role, User
from app.users.queries import another_admin_exists


def register(session: Session, data: Mapping[str, Any], *, role: Role = Role.MEMBER) -> User:
    """Create an account; `data` as RegistrationSchema loads it.

    Raises Invalid for a refused password; a taken username or e-mail surfaces as the database's
    constraint and is answered 409.
    """
    fields = {name: value for name, value in data.items() if not name.startswith("password")}
    check_password(data["password"])
    user = User(**fields, password_hash=passwords.hash_password(data["password"]), role=role)
    session.add(user)
    session.flush()  # The event names the new id.
    events.record(about(user, UserRegistered, actor_id=user.id))
    return user


def check_password(password: str) -> None:
    """Raise Invalid where the settings refuse `password`."""
    if current_settings().REFUSE_COMMON_PASSWORDS and passwords.is_common(password):
        raise Invalid.field("password", "is one of the best known passwords; choose another")


def update_profile(session: Session, user_id: int, data: Mapping[str, Any]) -> User:
    """Change what `data` holds of the user's own profile. Raises NotFound."""
    return _change(_locked(session, user_id), data, actor_id=user_id)


def update_account(
    session: Session, user_id: int, data: Mapping[str, Any], *, actor: Actor
) -> User:
    """Change the role of an account or disable it (which ends its sessions), as an administrator.

    Raises NotFound; Conflict where no active administrator would be left.
    """
    # Two administrators who demote each other at once must not both succeed.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('users.admins'))"))
    user = _locked(session, user_id)
    stays_admin = data.get("role", user.role) is Role.ADMIN and data.get("is_active", True)
    if user.is_admin and not stays_admin and not another_admin_exists(session, user.id):
        raise Conflict("This is the last active administrator; make another one first.")
    if data.get("is_active") is False:
        end_sessions(user)
    return _change(user, data, actor_id=actor.id)


def set_password(user: User, password: str) -> None:
    """Give `user` a new password and end all sessions. Raises Invalid for a refused password."""
    check_password(password)
    user.password_hash = passwords.hash_password(password)
    end_sessions(user)
    events.record(about(user, PasswordChanged, actor_id=user.id))


def end_sessions(user: User, kind: type[UserEvent] | None = None) -> None:
    """End every session of `user`; with `kind`, record that as an event of its own."""
    user.session_epoch += 1
    if kind is not None:
        events.record(about(user, kind, actor_id=user.id))


def _locked(session: Session, user_id: int) -> User:
    user: User | None = session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _change(user: User, data: Mapping[str, Any], *, actor_id: int) -> User:
    before = as_json(user)
    for name, value in data.items():
        setattr(user, name, value)
    after = as_json(user)
    changes = events.differences(before, after)
    if changes:
        events.record(about(user, UserUpdated, actor_id=actor_id, changes=changes))
    return user
