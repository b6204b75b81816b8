"""The flask-smorest pieces, set up for bounded bodies and RFC 9457 answers."""

from typing import Any

from flask import Request, Response
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.exceptions import UnsupportedMediaType

from app.core import error_handlers, json
from app.core.errors import PROBLEM, ErrorFormat


class BoundedParser(FlaskParser):
    """Reads bodies through `app.core.json` and says so when a body is not declared as JSON.

    Unknown parameters are refused as unknown fields are: a misspelt filter must not find all.
    """

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - as in the base
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "files": RAISE,
    }

    def load_files(self, req: Request, schema: Any) -> Any:
        """A multipart body whole: the files and the other fields."""
        return self._makeproxy(CombinedMultiDict([req.files, req.form]), schema)

    def _raw_load_json(self, req: Request) -> Any:
        if req.mimetype == "application/json" or req.mimetype.endswith("+json"):
            return json.loads(req.get_data(cache=True))
        if req.get_data(cache=True):
            raise UnsupportedMediaType(
                "Send JSON with the header Content-Type: application/json "
                "(curl: -H 'Content-Type: application/json')."
            )
        return missing


class Blueprint(SmorestBlueprint):
    """A flask-smorest blueprint whose arguments are read by `BoundedParser`.

    Every path answers with and without its trailing slash; the form with it is the documented one.
    """

    ARGUMENTS_PARSER = BoundedParser()

    def __init__(self, *args: Any, error_format: ErrorFormat = PROBLEM, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_format = error_format

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """Register `rule` so that a missing trailing slash needs no redirect."""
        options.setdefault("strict_slashes", False)
        super().add_url_rule(rule, *args, **options)


class ProblemApi(Api):
    """An Api whose errors are problem documents, like all others of the service."""

    def handle_http_exception(self, error: Any) -> Response:
        """Answer as every other error of the service does."""
        return error_handlers.answer_http_exception(error)


api = ProblemApi()
