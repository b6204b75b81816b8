"""A Postman collection made of the OpenAPI document; `make postman` writes it.

Every operation is one request, in a folder for each tag. The requests that sign in put the token
where all others take it from; paths and bodies hold variables and examples that work.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VARIABLES = {
    "base_url": "http://127.0.0.1:5000",
    "username": "postman",
    "email": "postman@example.com",
    "password": "a long password",
    "access": "",
    "refresh": "",
}
KEEP_TOKENS = """\
const issued = pm.response.json();
pm.collectionVariables.set("access", issued.access || issued.access_token);
pm.collectionVariables.set("refresh", issued.refresh || issued.refresh_token);
"""
_OF_NAMES = {
    "username": "{{username}}",
    "email": "{{email}}",
    "password": "{{password}}",
    "password_confirm": "{{password}}",
    "current_password": "{{password}}",
    "refresh": "{{refresh}}",
}
_ACCESS = {"access", "access_token"}
_REFRESH = {"refresh", "refresh_token"}
_FIRST = {"user", "auth"}
"""The folders with which everybody begins."""


def collection(document: Mapping[str, Any]) -> dict[str, Any]:
    """The collection of an OpenAPI document."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                parameters = operations.get("parameters", []) + operation.get("parameters", [])
                request = _item(document, method, path, operation | {"parameters": parameters})
                folders[operation["tags"][0]].append(request)
    described = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    return {
        "info": {
            "name": document["info"]["title"],
            "description": "Register once, then sign in: all other requests take the token.",
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [_pair("token", "{{access}}")]},
        "variable": [_pair(name, value) for name, value in VARIABLES.items()],
        "item": [
            {"name": name, "description": described[name], "item": items}
            for name, items in sorted(folders.items(), key=lambda each: each[0] not in _FIRST)
            if items
        ],
    }


def _item(
    document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method.upper(), "url": _url(path, operation)}
    if operation["security"] == []:
        request["auth"] = {"type": "noauth"}
    content = operation.get("requestBody", {}).get("content", {})
    if (described := content.get("application/json")) is not None:
        body = _with_variables(described.get("example") or example(document, described["schema"]))
        request["header"] = [_pair("Content-Type", "application/json")]
        request["body"] = {"mode": "raw", "raw": json.dumps(body, indent=2, ensure_ascii=False)}
    if "multipart/form-data" in content:
        file = {"key": "file", "type": "file", "src": "tasks.csv"}
        request["body"] = {"mode": "formdata", "formdata": [file]}
    item = {"name": operation["summary"], "request": request}
    answered = set(_answered(document, operation))
    if answered & _ACCESS and answered & _REFRESH:
        script = {"type": "text/javascript", "exec": KEEP_TOKENS.splitlines()}
        item["event"] = [{"listen": "test", "script": script}]
    return item


def _url(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters are there but switched off, to be ticked where they are wanted."""
    named = re.sub(r"{(\w+)}", r":\1", path)
    query, variables = [], []
    for parameter in operation["parameters"]:
        shown = _pair(parameter["name"], str(_value(parameter["name"], parameter["schema"])))
        about = {"description": parameter.get("description", "")}
        if parameter["in"] == "path":
            variables.append(shown)
        elif parameter.get("required"):
            query.append(shown | about)
        else:
            query.append(shown | about | {"disabled": True})
    return {
        "raw": "{{base_url}}" + named,
        "host": ["{{base_url}}"],
        "path": named.removeprefix("/").split("/"),
        "query": query,
        "variable": variables,
    }


def _answered(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields of a good answer."""
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if status.startswith("2") and schema is not None:
            yield from _resolved(document, schema).get("properties", {})


def example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A body that the schema describes: what it requires, or one of what it may hold."""
    whole = _resolved(document, schema)
    fields = {
        name: _resolved(document, field)
        for name, field in whole.get("properties", {}).items()
        if not field.get("readOnly")
    }
    needed = whole.get("required") or list(fields)[:1]
    return {
        name: example(document, fields[name])
        if fields[name].get("properties")
        else _value(name, fields[name])
        for name in needed
    }


def _with_variables(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _OF_NAMES.get(name, value) for name, value in body.items()}


def _value(name: str, schema: Mapping[str, Any]) -> Any:
    """Something plausible for a field or parameter."""
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if name in _OF_NAMES:
        return _OF_NAMES[name]
    for known in ("example", "default"):
        if known in schema:
            return schema[known]
    if "enum" in schema:
        return schema["enum"][0]
    by_kind: dict[str, Any] = {
        "integer": schema.get("minimum", 1),
        "number": 1,
        "boolean": True,
        "array": [_value(name, schema.get("items", {}))] if kind == "array" else [],
        "object": {},
        "string": "2027-03-31" if name in ("day", "date") else f"A {name}".replace("_", " "),
    }
    return by_kind[kind]


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _pair(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def render(document: Mapping[str, Any]) -> str:
    """The text of the collection's file."""
    return json.dumps(collection(document), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    source = json.loads((DOCUMENTS / "openapi.json").read_text())
    sys.stdout.write(render(source))
