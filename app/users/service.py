"""Writing accounts. Every function runs inside the caller's unit of work."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import current_settings
from app.core import events
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.users import passwords
from app.users.actor import Actor
from app.users.events import PasswordChanged, UserEvent, UserRegistered, UserUpdated, about, as_json
from app.users.models import Role, User
from app.users.queries import an_admin_exists, another_admin_exists


def register(session: Session, data: Mapping[str, Any], *, actor: Actor | None) -> User:
    """Create an account; `data` as RegistrationSchema loads it, the e-mail may be missing.

    `actor` is who asks, where that is known. Raises Forbidden for a role that is not for the
    asking, Invalid for a refused password; a taken username or e-mail surfaces as the database's
    constraint and is answered 409.
    """
    if not (actor is not None and actor.is_admin):
        _check_role(session, data.get("role", Role.MEMBER))
    return create(session, data)


def create(session: Session, data: Mapping[str, Any]) -> User:
    """Create an account with whatever role `data` names. Raises Invalid for a refused password."""
    fields = {name: value for name, value in data.items() if not name.startswith("password")}
    check_password(data["password"])
    user = User(password_hash=passwords.hash_password(data["password"]), **fields)
    session.add(user)
    session.flush()  # The event names the new id.
    events.record(about(user, UserRegistered, actor_id=user.id))
    return user


def _check_role(session: Session, role: Role) -> None:
    """Raise Forbidden unless somebody who is no administrator may register with `role`."""
    if role is Role.MEMBER:
        return
    _lock_admins(session)
    is_first = role is Role.ADMIN and current_settings().BOOTSTRAP_ADMIN
    if not (is_first and not an_admin_exists(session)):
        raise Forbidden(
            f"Only an administrator (role ADMIN) gives the role {role}. Register without a role.",
            errors={"role": ["is for an administrator to give"]},
        )


def _lock_admins(session: Session) -> None:
    """Until the commit nobody else makes or unmakes an administrator."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('users.admins'))"))


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
    """Change one's own account or, as an administrator, any; `data` as AccountSchema loads it.

    `data` may hold a password: one that is different ends all sessions. Raises NotFound; Forbidden
    for what only administrators change; Conflict where no active administrator would be left.
    """
    if not actor.is_admin and (user_id != actor.id or data.keys() & {"role", "is_active"}):
        raise Forbidden("This needs the role ADMIN.")
    if data.keys() & {"role", "is_active"}:
        # Two administrators who demote each other at once must not both succeed.
        _lock_admins(session)
    user = _locked(session, user_id)
    _check_last_admin(session, user, data)
    password = data.get("password")
    if password is not None and not passwords.verify_password(user.password_hash, password):
        set_password(user, password, actor_id=actor.id)
    values = {name: value for name, value in data.items() if name != "password"}
    return _change(user, values, actor_id=actor.id)


def close_account(session: Session, user_id: int, *, actor: Actor) -> None:
    """Disable one's own account or, as an administrator, any; what it did stays.

    Raises what `update_account` raises.
    """
    if not actor.is_admin and user_id != actor.id:
        raise Forbidden("This needs the role ADMIN.")
    _lock_admins(session)
    user, closed = _locked(session, user_id), {"is_active": False}
    _check_last_admin(session, user, closed)
    _change(user, closed, actor_id=actor.id)


def _check_last_admin(session: Session, user: User, data: Mapping[str, Any]) -> None:
    stays_admin = data.get("role", user.role) is Role.ADMIN and data.get("is_active", True)
    if user.is_admin and not stays_admin and not another_admin_exists(session, user.id):
        raise Conflict("This is the last active administrator; make another one first.")


def set_password(user: User, password: str, *, actor_id: int) -> None:
    """Give `user` a new password and end all sessions. Raises Invalid for a refused password."""
    check_password(password)
    user.password_hash = passwords.hash_password(password)
    end_sessions(user)
    events.record(about(user, PasswordChanged, actor_id=actor_id))


def end_sessions(user: User, kind: type[UserEvent] | None = None) -> None:
    """End every session of `user`; with `kind`, record that as an event of its own."""
    user.session_epoch += 1
    if kind is not None:
        events.record(about(user, kind, actor_id=user.id))


def _locked(session: Session, user_id: int) -> User:
    statement = select(User).where(User.id == user_id).with_for_update()
    user: User | None = session.scalar(statement, execution_options={"populate_existing": True})
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _change(user: User, data: Mapping[str, Any], *, actor_id: int) -> User:
    before = as_json(user)
    if data.get("is_active") is False:
        end_sessions(user)
    for name, value in data.items():
        setattr(user, name, value)
    after = as_json(user)
    changes = events.differences(before, after)
    if changes:
        events.record(about(user, UserUpdated, actor_id=actor_id, changes=changes))
    return user
