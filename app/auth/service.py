"""Signing in, staying signed in, signing out. Writers run inside the caller's unit of work."""

import uuid
from datetime import datetime, timedelta

from flask import request
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.auth import tokens
from app.auth.models import SignInSession
from app.auth.queries import find_actor
from app.config import current_settings
from app.core import clock
from app.core.errors import Invalid, Unauthenticated
from app.extensions import db
from app.users import passwords
from app.users.actor import Actor
from app.users.events import SessionsEnded
from app.users.models import User
from app.users.queries import find_by_login, find_user
from app.users.service import end_sessions, set_password

WRONG_CREDENTIALS = "The username, e-mail or password is wrong."
REUSE_GRACE = timedelta(seconds=10)
"""Two tabs may refresh at the same moment; a token that comes back later than this is stolen."""


def authenticate(token: str) -> Actor:
    """The caller that an access token stands for. Raises Unauthenticated."""
    return authenticate_until(token)[0]


def authenticate_until(token: str) -> tuple[Actor, datetime]:
    """The caller and the instant at which the access token expires. Raises Unauthenticated."""
    claims = tokens.read(token, "access")
    actor = find_actor(db.session(), claims.session_id, claims.user_id)
    if actor is None:
        raise Unauthenticated(tokens.INVALID)
    return actor, claims.expires_at


def authenticate_session(token: str) -> tuple[Actor, datetime]:
    """The caller that a refresh token stands for, and when it expires; the token stays as it is.

    Raises Unauthenticated, for one that was exchanged a while ago as well: that is not the place
    to end the session for it.
    """
    claims = tokens.read(token, "refresh")
    session = db.session()
    actor = find_actor(session, claims.session_id, claims.user_id)
    found = session.get(SignInSession, claims.session_id, populate_existing=True)
    if actor is None or found is None:
        raise Unauthenticated(tokens.INVALID)
    if claims.token_id != found.refresh_id and not _is_second_tab(found, claims.token_id):
        raise Unauthenticated(tokens.INVALID)
    return actor, claims.expires_at


def sign_in(session: Session, login: str, password: str) -> tuple[User, SignInSession]:
    """Open a session for the account with that username or e-mail.

    Raises Unauthenticated, after the same work and with the same words whether the account does
    not exist, is disabled or has another password.
    """
    user = find_by_login(session, login)
    known = passwords.verify_password(user.password_hash if user else None, password)
    if user is None or not known or not user.is_active:
        raise Unauthenticated(WRONG_CREDENTIALS)
    user.last_login_at = clock.now()
    return user, open_session(session, user)


def open_session(session: Session, user: User) -> SignInSession:
    """Open a session for `user` on the device that sends the present request."""
    opened = SignInSession(
        id=uuid.uuid4(),
        user_id=user.id,
        epoch=user.session_epoch,
        refresh_id=uuid.uuid4(),
        refreshed_at=clock.now(),
        created_at=clock.now(),
        expires_at=_refresh_expiry(),
        ip=request.remote_addr,
        user_agent=request.user_agent.string[:500],
    )
    session.add(opened)
    return opened


def refresh(session: Session, token: str) -> SignInSession | None:
    """Exchange a refresh token: its session, with a new `refresh_id`.

    Raises Unauthenticated for a token that is not good. A token that was exchanged before ends the
    session (it has been stolen, now or then): returns None, and the caller must commit that.
    """
    claims = tokens.read(token, "refresh")
    found: SignInSession | None = session.scalar(
        select(SignInSession).where(SignInSession.id == claims.session_id).with_for_update()
    )
    if found is None or find_actor(session, claims.session_id, claims.user_id) is None:
        raise Unauthenticated(tokens.INVALID)
    if claims.token_id == found.refresh_id:
        _rotate(found)
    elif not _is_second_tab(found, claims.token_id):
        found.revoked_at = clock.now()
        return None
    return found


def sign_out(session: Session, actor: Actor) -> None:
    """End the session of the present token; its refresh token dies with it."""
    found = session.get(SignInSession, uuid.UUID(actor.session_id))
    if found is not None:
        found.revoked_at = clock.now()


def sign_out_everywhere(session: Session, actor: Actor) -> None:
    """End all sessions of the caller."""
    user = find_user(session, actor.id)
    if user is not None:
        end_sessions(user, SessionsEnded)


def change_password(session: Session, current: str, new: str, *, actor: Actor) -> SignInSession:
    """Change the caller's password, end all sessions and open one for the present device.

    Raises Invalid where `current` is wrong or `new` is refused.
    """
    user = session.scalars(select(User).where(User.id == actor.id).with_for_update()).one()
    if not passwords.verify_password(user.password_hash, current):
        raise Invalid.field("current_password", "is wrong")
    set_password(user, new, actor_id=user.id)
    return open_session(session, user)


def purge_expired_sessions(session: Session) -> int:
    """Delete the sessions that ended by time more than a day ago; returns how many."""
    long_gone = SignInSession.expires_at < clock.now() - timedelta(days=1)
    deleted = session.scalars(delete(SignInSession).where(long_gone).returning(SignInSession.id))
    return len(deleted.all())


def _rotate(session: SignInSession) -> None:
    session.previous_refresh_id, session.refresh_id = session.refresh_id, uuid.uuid4()
    session.refreshed_at = clock.now()
    session.expires_at = _refresh_expiry()


def _is_second_tab(session: SignInSession, token_id: uuid.UUID) -> bool:
    within_grace = clock.now() - session.refreshed_at < REUSE_GRACE
    return within_grace and token_id == session.previous_refresh_id


def _refresh_expiry() -> datetime:
    return clock.now() + timedelta(minutes=current_settings().JWT_REFRESH_TOKEN_LIFETIME)
