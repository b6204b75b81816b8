"""Handing in files of tasks, and being the worker that carries them out."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.core.db import unit_of_work
from app.exchange import running
from app.exchange.models import CLAIMS
from tests.conftest import Person

IMPORTS = "/api/v1/tasks/imports/"
EXPORT = "/api/v1/tasks/export/"


def as_csv(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode()


def hand_in(person: Person, content: bytes | str, **fields: Any) -> Any:
    body = content.encode() if isinstance(content, str) else content
    file = FileStorage(io.BytesIO(body), "tasks.csv", "file")
    # The client itself would leave a temporary file open.
    boundary, data = encode_multipart({"file": file} | fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return person.post(IMPORTS, data=data, content_type=kind)


def handed_in(person: Person, content: bytes | str, **fields: Any) -> int:
    answer = hand_in(person, content, **fields)
    assert answer.status_code == 202, answer.text
    return int(answer.json["id"])


def work(app: Flask) -> list[str]:
    """Carry out whatever is due, as a worker does when the bell rings."""
    done: list[str] = []
    while True:
        with app.app_context():
            with unit_of_work() as session:
                due = CLAIMS.take_due(session)
            if not due:
                return done
            done += [running.run_import(import_id) for import_id in due]


def imported(app: Flask, person: Person, content: bytes | str, **fields: Any) -> dict[str, Any]:
    """The import once it has come to rest."""
    number = handed_in(person, content, **fields)
    work(app)
    return show(person, number)


def show(person: Person, number: int) -> dict[str, Any]:
    answer = person.get(f"{IMPORTS}{number}/")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def faults(person: Person, number: int) -> list[dict[str, Any]]:
    return list(person.get(f"{IMPORTS}{number}/errors/?page_size=100").json["results"])


def exported(person: Person, query: str = "") -> list[dict[str, str]]:
    answer = person.get(f"{EXPORT}{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))
