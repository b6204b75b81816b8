"""The Postman collection: true to the document, and every request of it works."""

import json
import re
from pathlib import Path

import pytest

from app.web.postman import DOCUMENTS, VARIABLES, render

COLLECTION = DOCUMENTS / "postman_collection.json"
ENDS_SESSIONS = re.compile(r"logout|/password|^DELETE.*users")


def items():
    folders = json.loads(COLLECTION.read_text())["item"]
    return [item for folder in folders for item in folder["item"]]


def test_the_collection_is_made_of_the_document():
    document = json.loads((DOCUMENTS / "openapi.json").read_text())

    assert COLLECTION.read_text() == render(document), "run: make postman"


def test_every_sign_in_keeps_the_token_for_the_other_requests():
    keeping = {item["request"]["url"]["raw"] for item in items() if "event" in item}

    assert keeping == {
        "{{base_url}}/api/v1/auth/login/",
        "{{base_url}}/api/v1/auth/refresh/",
        "{{base_url}}/api/v1/auth/users/me/password/",
        "{{base_url}}/api/token/",
        "{{base_url}}/api/token/refresh/",
        "{{base_url}}/users/login",
    }


class Postman:
    """Sends what the collection says, with its variables and what its scripts keep."""

    def __init__(self, client):
        self.client, self.variables = client, dict(VARIABLES)

    def filled(self, text):
        return re.sub(r"{{(\w+)}}", lambda found: self.variables[found[1]], text)

    def send(self, item):
        request = item["request"]
        path = request["url"]["raw"].removeprefix("{{base_url}}")
        for each in request["url"]["variable"]:
            path = path.replace(f":{each['key']}", each["value"])
        query = [f"{q['key']}={q['value']}" for q in request["url"]["query"] if "disabled" not in q]
        headers = {each["key"]: each["value"] for each in request.get("header", [])}
        if request.get("auth") != {"type": "noauth"}:
            headers["Authorization"] = self.filled("Bearer {{access}}")
        answer = self.client.open(
            "?".join([path, *query]),
            method=request["method"],
            headers=headers,
            data=self.filled(request["body"]["raw"]) if "body" in request else None,
        )
        if "event" in item and answer.status_code == 200:
            for name in ("access", "refresh"):
                self.variables[name] = answer.json.get(name) or answer.json[f"{name}_token"]
        return answer


def named(path):
    return next(item for item in items() if item["request"]["url"]["raw"].endswith(path))


@pytest.mark.parametrize("dialect", ["/api/v1/auth/login/", "/api/token/", "/users/login"])
def test_register_then_sign_in_then_everything_works(client, dialect):
    postman = Postman(client)
    assert postman.send(named("/api/v1/auth/users/")).status_code == 201
    assert postman.send(named(dialect)).status_code == 200

    def last(item):
        line = f"{item['request']['method']} {item['request']['url']['raw']}"
        return bool(ENDS_SESSIONS.search(line)), item["request"]["method"] == "DELETE"

    for item in sorted(items(), key=last):
        answer = postman.send(item)
        what = f"{item['request']['method']} {item['request']['url']['raw']}: {answer.text}"
        if ENDS_SESSIONS.search(what):
            postman.send(named(dialect))
        assert answer.status_code in (200, 201, 202, 204, 401, 403, 404, 409, 429), what
        answer.close()


def test_nothing_of_this_machine_is_in_it():
    assert str(Path.home()) not in COLLECTION.read_text()
