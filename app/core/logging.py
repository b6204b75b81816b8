"""Logs: one line per request and per job, JSON in production and readable text in development.

A line never holds a body, a query string, a header or a token, and no text that a client sent can
start a new line: JSON escapes line breaks, and :class:`LineFormatter` does so in development.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, g, request
from pythonjsonlogger.json import JsonFormatter

from app.config import Settings
from app.core import context

request_log = logging.getLogger("app.request")
job_log = logging.getLogger("app.job")

PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by orchestrators and Prometheus; their lines would bury the others."""

_MAX_PATH = 1000
# These tell at INFO what our own line per request or job tells already.
_CHATTY = ("celery", "engineio", "kombu", "socketio", "werkzeug")
_CONTINUATION = "    | "


def configure_logging(settings: Settings) -> None:
    """Send all logs of this process to standard error; calling it again replaces the set-up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_add_request_id)
    handler.setFormatter(_json_formatter() if settings.is_production else LineFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.LOG_LEVEL)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def init_request_logging(app: Flask) -> None:
    """Give every request an id, answer it in ``X-Request-ID``, and log one line per request."""
    app.before_request(_start_request)
    app.after_request(_finish_request)


@contextmanager
def log_job(name: str, work_id: str | None = None) -> Iterator[str]:
    """Log one line about the job inside, with its outcome, and yield its request id.

    ``work_id`` continues the request (or the earlier job) that caused this one. An exception is
    logged with its traceback and goes on.
    """
    identifier = context.set_request_id(work_id)
    started = time.perf_counter()
    try:
        yield identifier
    except Exception:
        job_log.exception("%s failed", name, extra=_job_fields(name, started))
        raise
    else:
        job_log.info("%s done", name, extra=_job_fields(name, started))
    finally:
        context.request_id.set(None)


class LineFormatter(logging.Formatter):
    """One readable line per record: time, level, request id, message, fields.

    Only a traceback takes more lines, each marked so that none can pass for a record of its own.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s [%(request_id)s] %(name)s: %(message)s")
        self.default_msec_format = "%s.%03d"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        """Return the record's line with its extra fields and without control characters."""
        fields = "".join(
            f" {name}={getattr(record, name)}" for name in _FIELDS if hasattr(record, name)
        )
        return escape_controls(super().formatMessage(record) + fields)

    def formatException(self, ei: object) -> str:  # noqa: N802 - the base's name
        """Return the traceback with every line marked as a continuation."""
        return _marked(super().formatException(ei))  # type: ignore[arg-type]

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - the base's name
        """Return the stack with every line marked as a continuation."""
        return _marked(super().formatStack(stack_info))


def escape_controls(text: str) -> str:
    r"""Return text with every unprintable character written as ``\n``, ``\x1b`` and the like."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


_FIELDS = ("milliseconds", "user_id", "remote_address")


def _json_formatter() -> JsonFormatter:
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s %(request_id)s",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
    )


def _add_request_id(record: logging.LogRecord) -> bool:
    """Put the id of the current work on a record that does not carry one."""
    if not hasattr(record, "request_id"):
        record.request_id = context.request_id.get() or "-"
    return True


def _start_request() -> None:
    context.set_request_id(request.headers.get("X-Request-ID"))
    g.request_started = time.perf_counter()


def _finish_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = context.request_id.get() or ""
    level = logging.DEBUG if request.path in PROBES else logging.INFO
    path = request.path[:_MAX_PATH]
    fields = {
        "method": request.method,
        "path": path,
        "status": response.status_code,
        "milliseconds": _milliseconds_since(g.get("request_started", time.perf_counter())),
        "user_id": getattr(g.get("principal"), "id", None),
        "remote_address": request.remote_addr,
    }
    request_log.log(level, "%s %s %s", request.method, path, response.status_code, extra=fields)
    return response


def _job_fields(name: str, started: float) -> dict[str, object]:
    return {"job": name, "milliseconds": _milliseconds_since(started)}


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _marked(text: str) -> str:
    return "\n".join(_CONTINUATION + escape_controls(line) for line in text.splitlines())
