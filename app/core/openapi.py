"""What flask-smorest cannot know: the token, the errors and the public routes."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import Flask

from app.core.api import api
from app.core.errors import PROBLEM, ErrorFormat

_ERRORS = {
    "400": "The request cannot be read",
    "401": "The token is missing or no longer valid",
    "404": "There is no such thing, or the caller may not see it",
    "422": "A field or parameter is not acceptable; `errors` names it",
    "429": "Too many requests; `Retry-After` tells how long to wait",
}

_ERRORS_OF_WRITES = {
    "403": "The caller may see it but not do this to it",
    "409": "The present state does not allow it",
}


def init_openapi(app: Flask, public: Collection[str]) -> None:
    """Complete the document: bearer tokens everywhere but on the public routes, problem answers."""
    spec = api.spec
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    formats = {
        tag: getattr(blueprint, "error_format", PROBLEM)
        for tag, blueprint in app.blueprints.items()
    }
    for each in dict.fromkeys(each.name for each in formats.values()):
        spec.components.schema(each, next(f.schema for f in formats.values() if f.name == each))
    open_operations = {
        (_documented(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint in public
        for method in rule.methods or ()
    }
    for path, operations in spec._paths.items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                look = formats[operation["tags"][0]]
                errors = _ERRORS if method == "get" else _ERRORS | _ERRORS_OF_WRITES
                is_public = (path, method) in open_operations
                if is_public:
                    errors = {status: text for status, text in errors.items() if status != "401"}
                operation["security"] = [] if is_public else [{"bearer": []}]
                _add_errors(operation.setdefault("responses", {}), errors, look)


def _add_errors(answers: dict[str, Any], errors: Mapping[str, str], look: ErrorFormat) -> None:
    answers.pop("default", None)
    for status, description in errors.items():
        answers.setdefault(status, {"description": description})
    schema = {"$ref": f"#/components/schemas/{look.name}"}
    for status, answer in list(answers.items()):
        if status.isdigit() and 400 <= int(status) < 500:
            # flask-smorest has put a reference to an error schema of its own in some of them.
            description = answer.get("description") or errors[status]
            content = {look.media_type: {"schema": schema}}
            shown = str(look.statuses.get(int(status), status))
            answers.pop(status)
            answers[shown] = {"description": description, "content": content}


def _documented(rule: str) -> str:
    """`/x/<id:y>/` → `/x/{y}/`, as paths are written in OpenAPI."""
    parts = [
        "{" + part[1:-1].rpartition(":")[2] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)
