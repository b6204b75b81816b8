"""Every error leaves through here: the one place that turns exceptions into HTTP answers."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, current_app, jsonify, request
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.core.errors import (
    PROBLEM,
    Conflict,
    ErrorFormat,
    ServiceError,
    TooManyRequests,
    Unavailable,
    problem,
)
from app.extensions import db

log = logging.getLogger(__name__)

_CLIENT_SENT_BAD_DATA = ("22",)  # SQLSTATE class 22, "data exception"


def init_error_handlers(app: Flask) -> None:
    """Answer every error with a problem document; unexpected ones say nothing of their cause."""
    app.register_error_handler(ServiceError, answer_service_error)
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(IntegrityError, _answer_integrity_error)
    app.register_error_handler(OperationalError, _answer_database_down)
    app.register_error_handler(PoolTimeout, _answer_database_down)
    app.register_error_handler(Exception, _answer_unexpected)


def answer_service_error(error: ServiceError) -> Response:
    """A refusal by a service, as it describes itself."""
    document = problem(
        error.status, error.detail, code=error.code, errors=error.errors, extra=error.extra
    )
    return _answer(document, error.headers)


def answer_http_exception(error: HTTPException) -> Response:
    """A refusal by Flask, Werkzeug, webargs or Flask-Limiter."""
    status = error.code or 500
    # webargs (through flask-smorest) hangs the messages of the schema on the exception.
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    headers = {k: v for k, v in error.get_headers() if k not in ("Content-Type", "Content-Length")}
    if messages := data.get("messages"):
        errors = dict(_flattened(messages))
        detail = "The request has invalid values."
        return _answer(problem(status, detail, code="validation", errors=errors), headers)
    if status == 429:
        # Flask-Limiter describes the limit: "5 per 1 minute".
        detail = f"The limit of {error.description} is used up; wait as long as Retry-After says."
        return answer_service_error(TooManyRequests(detail, headers=headers))
    return _answer(problem(status, error.description or ""), headers)


def _answer_integrity_error(error: IntegrityError) -> Response:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name and (conflict := _declared_conflict(name)):
        field, message = conflict
        return answer_service_error(Conflict(f"{field} {message}.", errors={field: [message]}))
    log.error("A constraint without an answer was violated: %s", name, exc_info=error)
    return answer_service_error(Conflict("The request contradicts what is stored."))


def _declared_conflict(constraint: str) -> tuple[str, str] | None:
    """The field and message that a model declares for a unique index: `info={"conflict": …}`."""
    for table in db.metadata.tables.values():
        for index in table.indexes:
            if index.name == constraint:
                return index.info.get("conflict")
    return None


def _answer_database_down(error: Exception) -> Response:
    # The stack of a lost connection says nothing that its message does not.
    log.error("The database did not answer: %s", error)
    return answer_service_error(
        Unavailable("The database is not available. Nothing is known to be changed; try again.")
    )


def _answer_unexpected(error: Exception) -> Response:
    sqlstate = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    if isinstance(error, DBAPIError) and sqlstate.startswith(_CLIENT_SENT_BAD_DATA):
        log.warning("The database refused a value that a schema let pass.", exc_info=error)
        return _answer(problem(422, "A value is out of range.", code="validation"), {})
    log.error("Unexpected error", exc_info=error)
    return _answer(problem(500, "Something went wrong on our side; it has been logged."), {})


def _answer(document: dict[str, Any], headers: Mapping[str, str]) -> Response:
    blueprint = current_app.blueprints.get(request.blueprint or "")
    look: ErrorFormat = getattr(blueprint, "error_format", PROBLEM)
    status = document["status"]
    response = jsonify(look.render(document))
    response.status_code = look.statuses.get(status, status)
    response.mimetype = look.media_type
    response.headers.update(headers)
    return response


def _flattened(messages: Mapping[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """`{"json": {"a": {0: ["m"]}}}` → `("a.0", ["m"])`; the location (json, query) is dropped."""
    for name, inner in messages.items():
        is_location = name in ("json", "query", "headers", "files") and isinstance(inner, Mapping)
        yield from _leaves(inner, "" if is_location else str(name))


def _leaves(inner: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(inner, Mapping):
        yield path, [str(message) for message in inner]
        return
    for name, deeper in inner.items():
        yield from _leaves(deeper, f"{path}.{name}" if path else str(name))
