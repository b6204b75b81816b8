"""What is checked of every request before anything reads it."""

from flask import Flask, request
from werkzeug.routing import IntegerConverter

from app.core.errors import BadRequest
from app.core.fields import MAX_ID
from app.core.json import refused_text


class IdConverter(IntegerConverter):
    """`<id:…>` in a route: a positive 64-bit integer; anything else is no such page (404)."""

    def __init__(self, url_map: object) -> None:
        super().__init__(url_map, min=1, max=MAX_ID)  # type: ignore[arg-type]


def init_request_bounds(app: Flask) -> None:
    """Refuse text that no column can hold, and give routes their `<id:…>`."""
    app.url_map.converters["id"] = IdConverter
    app.before_request(_check_text)


def _check_text() -> None:
    """Query strings and paths can carry NUL and lone surrogates as well as bodies can."""
    for name, value in request.args.items(multi=True):
        if reason := refused_text(name) or refused_text(value):
            raise BadRequest(f"A query parameter {reason}.", errors={name[:100]: [reason]})
    if reason := refused_text(request.path):
        raise BadRequest(f"The path {reason}.")
