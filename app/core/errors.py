"""The errors that services raise, and the one table that turns them into RFC 9457 answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

FieldErrors = Mapping[str, Sequence[str]]


class ServiceError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and a sentence for the reader.

    `errors` names the fields at fault: `{"title": ["must not be blank"]}`.
    `extra` adds members to the problem document; `headers` adds response headers.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(
        self,
        detail: str,
        *,
        errors: FieldErrors | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class BadRequest(ServiceError):
    """The request cannot be read at all."""

    code, status = "bad-request", HTTPStatus.BAD_REQUEST


class Unauthenticated(ServiceError):
    """No token, or one that is not valid (any longer)."""

    code, status = "unauthenticated", HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ServiceError):
    """The caller may see the thing but not do this to it; the detail names the role needed."""

    code, status = "forbidden", HTTPStatus.FORBIDDEN


class NotFound(ServiceError):
    """There is no such thing, or the caller may not see it: the answer does not tell which."""

    code, status = "not-found", HTTPStatus.NOT_FOUND


class Conflict(ServiceError):
    """The request contradicts the present state."""

    code, status = "conflict", HTTPStatus.CONFLICT


class Gone(ServiceError):
    """What is asked for has been there and is no longer kept."""

    code, status = "gone", HTTPStatus.GONE


class PreconditionFailed(ServiceError):
    """`If-Match` names another version than the present one."""

    code, status = "precondition-failed", HTTPStatus.PRECONDITION_FAILED


class Invalid(ServiceError):
    """A field, parameter or combination of them is not acceptable; `errors` names it."""

    code, status = "validation", HTTPStatus.UNPROCESSABLE_ENTITY

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        """The common case: one field, one message."""
        return cls("The request has invalid values.", errors={name: [message]})


class Unavailable(ServiceError):
    """Something the answer depends on is down; trying again later may work."""

    code, status = "unavailable", HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class TooManyRequests(ServiceError):
    """A limit is used up; `Retry-After` says how many seconds to wait."""

    code, status = "too-many-requests", HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True)
class ErrorFormat:
    """How the errors of a blueprint look: `render` makes the body of a problem document.

    `statuses` are codes that it has others for; `name` and `schema` describe the body in OpenAPI.
    """

    name: str
    media_type: str
    schema: Mapping[str, Any]
    render: Callable[[dict[str, Any]], dict[str, Any]]
    statuses: Mapping[int, int] = field(default_factory=dict)


PROBLEM = ErrorFormat(
    name="Problem",
    media_type="application/problem+json",
    schema={
        "type": "object",
        "description": "RFC 9457",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "object",
                "description": "Field → what is wrong with it",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        },
        "required": ["type", "title", "status", "detail"],
    },
    render=lambda document: document,
)
"""The format of everything that has no other."""


def kinds_of_error() -> dict[str, type[ServiceError]]:
    """Every error by its code; the docstring explains it to the reader of `/problems/<code>`."""
    return {kind.code: kind for kind in ServiceError.__subclasses__()}


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    errors: FieldErrors | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An RFC 9457 problem document.

    `type` is a relative reference to the page that explains the code, or `about:blank`
    where the HTTP status says everything.
    """
    document: dict[str, Any] = {
        "type": f"/problems/{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = errors
    return document | dict(extra or {})


def in_one_line(error: BaseException) -> str:
    """What an error says, without line breaks; of the database's, without the statement."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
