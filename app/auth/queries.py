"""Reading sessions: the only judge of whether a token is still good."""

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.auth.models import SignInSession
from app.core import clock
from app.core.many import is_among
from app.extensions import db
from app.users.actor import Actor
from app.users.models import User


def _is_alive() -> ColumnElement[bool]:
    """Whether a session joined with its user is still good."""
    return and_(
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > clock.now(),
        SignInSession.epoch == User.session_epoch,
        User.is_active,
    )


def find_actor(session: Session, session_id: uuid.UUID, user_id: int) -> Actor | None:
    """The user of a living session, or None."""
    row = session.execute(
        select(User.id, User.username, User.role, User.timezone)
        .join(SignInSession, SignInSession.user_id == User.id)
        .where(SignInSession.id == session_id, User.id == user_id, _is_alive())
    ).one_or_none()
    return Actor(*row, session_id=str(session_id)) if row else None


def ended_sessions(session_ids: Collection[str]) -> set[str]:
    """Those of `session_ids` that are revoked, expired, or whose user may no longer sign in."""
    alive = db.session.scalars(
        select(SignInSession.id)
        .join(User, SignInSession.user_id == User.id)
        .where(is_among(SignInSession.id, session_ids), _is_alive())
    )
    return set(session_ids) - {str(each) for each in alive}
