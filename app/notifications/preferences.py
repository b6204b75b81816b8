"""What each user wants to be told: everything by every channel, but for what was switched off."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import events
from app.notifications.events import about_preferences
from app.notifications.kinds import KINDS, Channel, Kind
from app.notifications.models import NotificationPreference
from app.users.models import User

_CACHE = "notification_wishes"
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('preferences', :user_id))")


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
        channels = KINDS[kind].channels
        return not channels or (channel in channels and (kind, channel) not in self.off)


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


def is_on(session: Session, user_id: int, kind: Kind, channel: Channel) -> bool:
    """Whether a user has not switched a kind off for a channel."""
    return (kind, channel) not in _switched_off(session, [user_id]).get(user_id, ())


def table_of(session: Session, user_id: int) -> list[dict[str, Any]]:
    """A PreferenceSchema for every kind that can be switched off."""
    off = _switched_off(session, [user_id]).get(user_id, set())
    return [
        {
            "kind": kind.value,
            "label": told.label,
            "description": told.description,
            "channels": {each.value: (kind, each) not in off for each in told.channels},
        }
        for kind, told in KINDS.items()
        if told.channels
    ]


def change(session: Session, user_id: int, wanted: Mapping[str, Mapping[str, bool]]) -> bool:
    """Note what a user wants, as `{kind: {channel: whether}}`; returns whether that is a change.

    A change is one event in the user's own stream.
    """
    # Two who change the same preference at once must not both see the former state.
    session.execute(_TAKE_TURNS, {"user_id": user_id})
    off = _switched_off(session, [user_id]).get(user_id, set())
    different = {
        (kind, channel): enabled
        for kind, channels in wanted.items()
        for channel, enabled in channels.items()
        if enabled is ((kind, channel) in off)
    }
    for (kind, channel), enabled in different.items():
        key = {"user_id": user_id, "kind": kind, "channel": channel}
        session.merge(NotificationPreference(**key, enabled=enabled))
    if different:
        told = {f"{kind}.{channel}": [not on, on] for (kind, channel), on in different.items()}
        session.flush()
        events.record(about_preferences(user_id, told))
    return bool(different)


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
    off = _switched_off(session, user_ids)
    users = session.execute(
        select(User.id, User.is_active, User.email, User.email_own_changes).where(
            User.id.in_(user_ids)
        )
    )
    return {
        user_id: Wishes(is_active, bool(email), own, frozenset(off.get(user_id, ())))
        for user_id, is_active, email, own in users
    }


def _switched_off(session: Session, user_ids: Collection[int]) -> dict[int, set[tuple[str, str]]]:
    """By user: the pairs of kind and channel that were switched off."""
    off: dict[int, set[tuple[str, str]]] = {}
    preference = NotificationPreference
    for user_id, kind, channel in session.execute(
        select(preference.user_id, preference.kind, preference.channel).where(
            preference.user_id.in_(user_ids), ~preference.enabled
        )
    ):
        off.setdefault(user_id, set()).add((kind, channel))
    return off
