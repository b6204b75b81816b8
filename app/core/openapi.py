"""What flask-smorest cannot know: the token, the errors and the public routes."""

from collections.abc import Collection
from typing import Any

from flask import Flask

from app.core.api import api

_ERRORS = {
    "400": "The request cannot be read",
    "401": "The token is missing or no longer valid",
    "404": "There is no such thing, or the caller may not see it",
    "422": "A field or parameter is not acceptable; `errors` names it",
    "429": "Too many requests; `Retry-After` tells how long to wait",
}
_PROBLEM = {
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
}

_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def init_openapi(app: Flask, public: Collection[str]) -> None:
    """Complete the document: bearer tokens everywhere but on the public routes, problem answers."""
    spec = api.spec
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _PROBLEM)
    open_paths = {
        _documented(rule.rule) for rule in app.url_map.iter_rules() if rule.endpoint in public
    }
    for path, operations in spec._paths.items():
        for operation in operations.values():
            if isinstance(operation, dict):
                _complete(operation, is_public=path in open_paths)


def _complete(operation: dict[str, Any], *, is_public: bool) -> None:
    operation["security"] = [] if is_public else [{"bearer": []}]
    answers = operation.setdefault("responses", {})
    answers.pop("default", None)
    for status, description in _ERRORS.items():
        if not (is_public and status == "401"):
            answers.setdefault(status, {"description": description})
    for status, answer in answers.items():
        if status.isdigit() and 400 <= int(status) < 500:
            # flask-smorest has put a reference to an error schema of its own in some of them.
            description = answer.get("description") or _ERRORS[status]
            content = {"application/problem+json": {"schema": _REFERENCE}}
            answers[status] = {"description": description, "content": content}


def _documented(rule: str) -> str:
    """`/x/<id:y>/` → `/x/{y}/`, as paths are written in OpenAPI."""
    parts = [
        "{" + part[1:-1].rpartition(":")[2] + "}" if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)
