"""The links by which somebody who is not signed in switches a kind of mail off."""

from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer

from app.config import Settings
from app.core.errors import NotFound
from app.notifications.kinds import KINDS, Channel, Kind


class Subscription(NamedTuple):
    """Which mails a link speaks of: those of one kind to one user."""

    user_id: int
    kind: Kind


def unsubscribe_url(user_id: int, kind: Kind, settings: Settings) -> str | None:
    """The address at which a user switches a kind of mail off; None where that cannot be done.

    It is good for ever: it can do nothing else, and what it does can be undone.
    """
    if Channel.EMAIL not in KINDS[kind].channels:
        return None
    token = _serializer(settings).dumps([user_id, kind.value])
    return f"{settings.PUBLIC_URL}/unsubscribe/{token}"


def read_token(token: str, settings: Settings) -> Subscription:
    """Which mails a link speaks of. Raises NotFound for what no mail of ours held."""
    try:
        user_id, name = _serializer(settings).loads(token)
        kind = Kind(name)
    except (BadSignature, ValueError):
        raise NotFound("There is no such link.") from None
    if Channel.EMAIL not in KINDS[kind].channels:
        raise NotFound("Such mails cannot be switched off.")
    return Subscription(user_id, kind)


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.SECRET_KEY, salt="unsubscribe")
