"""What a socket is refused for, beside the errors of the whole service."""

from http import HTTPStatus
from typing import ClassVar

from app.core.errors import ServiceError


class TooManySockets(ServiceError):
    """The address or user has as many connections as it may have, or opens them too fast."""

    code, status = "too-many-sockets", HTTPStatus.TOO_MANY_REQUESTS


class TooManySubscriptions(ServiceError):
    """The connection follows as much as one may follow."""

    code, status = "too-many-subscriptions", HTTPStatus.TOO_MANY_REQUESTS


class TooLarge(ServiceError):
    """A message of more than SOCKET_MAX_MESSAGE_BYTES."""

    code: ClassVar[str] = "too-large"
    status: ClassVar[HTTPStatus] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
