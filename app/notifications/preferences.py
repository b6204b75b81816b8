"""What each user wants to be told: everything by every channel, but for what was switched off."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.notifications.kinds import KINDS, Channel, Kind
from app.notifications.models import NotificationPreference
from app.users.models import User

_CACHE = "notification_wishes"


@dataclass(frozen=True)
class Wishes:
    """How one user can and wants to be told; `off` holds the pairs that were switched off."""

    is_active: bool
    has_email: bool
    email_own_changes: bool
    off: frozenset[tuple[str, str]]

    def wants(self, kind: Kind, channel: Channel) -> bool:
        """Whether this user is to be told of a `kind` by `channel`."""
        if not self.is_active or (channel is Channel.EMAIL and not self.has_email):
            return False
        return channel not in KINDS[kind].channels or (kind, channel) not in self.off


def wants(session: Session, user_id: int, kind: Kind, channel: Channel) -> bool:
    """Whether a user is to be told of a `kind` by `channel` now; False for who does not exist."""
    found = wishes_of(session, [user_id]).get(user_id)
    return found is not None and found.wants(kind, channel)


def wishes_of(session: Session, user_ids: Collection[int]) -> dict[int, Wishes]:
    """The wishes of several users; each user is read once per transaction.

    The relay asks for the same few people hundreds of times in one transaction.
    """
    known = _known(session)
    if missing := set(user_ids) - known.keys():
        known.update(_read(session, missing))
    return {user_id: known[user_id] for user_id in user_ids if user_id in known}


def _known(session: Session) -> dict[int, Wishes]:
    if not session.in_transaction():
        session.begin()
    transaction = session.get_transaction()
    of_when, known = session.info.get(_CACHE, (None, {}))
    if of_when is not transaction:
        session.info[_CACHE] = transaction, (known := {})
    found: dict[int, Wishes] = known
    return found


def _read(session: Session, user_ids: Collection[int]) -> dict[int, Wishes]:
    off: dict[int, set[tuple[str, str]]] = {}
    refused = select(NotificationPreference).where(
        NotificationPreference.user_id.in_(user_ids), ~NotificationPreference.enabled
    )
    for each in session.scalars(refused):
        off.setdefault(each.user_id, set()).add((each.kind, each.channel))
    users = session.execute(
        select(User.id, User.is_active, User.email, User.email_own_changes).where(
            User.id.in_(user_ids)
        )
    )
    return {
        user_id: Wishes(is_active, bool(email), own, frozenset(off.get(user_id, ())))
        for user_id, is_active, email, own in users
    }
