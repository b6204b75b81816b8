"""What is checked of every request before anything reads it."""

import re
from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from flask import Flask, request
from werkzeug.routing import IntegerConverter

from app.config import Settings, current_settings
from app.core.errors import BadRequest
from app.core.fields import MAX_ID
from app.core.json import refused_text

P = ParamSpec("P")
R = TypeVar("R")

FORM_BYTES = 65_536
"""What may stand around a file: the other fields of its form and what separates them."""


class IdConverter(IntegerConverter):
    """`<id:…>` in a route: a positive 64-bit integer; anything else is no such page (404)."""

    def __init__(self, url_map: object) -> None:
        super().__init__(url_map, min=1, max=MAX_ID)  # type: ignore[arg-type]


def init_request_bounds(app: Flask) -> None:
    """Refuse text that no column can hold, and give routes their `<id:…>`."""
    app.url_map.converters["id"] = IdConverter
    app.before_request(_check_text)


def accepts_file(limit: Callable[[Settings], int]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view take a form with a file of `limit` bytes, which MAX_BODY_BYTES would refuse.

    It stands above the decorators that read the body.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def widened(*args: P.args, **kwargs: P.kwargs) -> R:
            request.max_content_length = limit(current_settings()) + FORM_BYTES
            return view(*args, **kwargs)

        return widened

    return decorate


def route_template() -> str:
    """The path that the present request's route declares: `/tasks/{task_id}/`; empty for none."""
    return _template_of(request.url_rule.rule) if request.url_rule else ""


@cache
def _template_of(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _check_text() -> None:
    """Query strings and paths can carry NUL and lone surrogates as well as bodies can."""
    for name, value in request.args.items(multi=True):
        if reason := refused_text(name) or refused_text(value):
            raise BadRequest(f"A query parameter {reason}.", errors={name[:100]: [reason]})
    if reason := refused_text(request.path):
        raise BadRequest(f"The path {reason}.")
