"""Asking for reports, and being the worker that makes them."""

import csv
import io
import json
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from app.core.db import unit_of_work
from app.reports import running
from app.reports.models import CLAIMS
from tests.conftest import Person

REPORTS = "/api/v1/reports/"


def ask(person: Person, report_format: str = "csv", **fields: Any) -> Any:
    return person.post(REPORTS, json={"format": report_format} | fields)


def asked(person: Person, report_format: str = "csv", **fields: Any) -> int:
    answer = ask(person, report_format, **fields)
    assert answer.status_code == 202, answer.text
    return int(answer.json["id"])


def work(app: Flask) -> list[str]:
    """Make whatever is due, as a worker does when the bell rings."""
    with app.app_context():
        with unit_of_work() as session:
            due = CLAIMS.take_due(session)
        return [running.run_report(report_id) for report_id in due]


def show(person: Person, number: int) -> dict[str, Any]:
    answer = person.get(f"{REPORTS}{number}/")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def download(person: Person, number: int) -> bytes:
    with person.get(f"{REPORTS}{number}/download/") as answer:
        assert answer.status_code == 200, answer.text
        return bytes(answer.data)


def made(app: Flask, person: Person, report_format: str = "csv", **fields: Any) -> bytes:
    """The content of a report that a worker has made."""
    number = asked(person, report_format, **fields)
    work(app)
    assert show(person, number)["state"] == "done", show(person, number)
    return download(person, number)


def rows_of(report_format: str, content: bytes) -> list[dict[str, Any]]:
    """The rows as another program reads them."""
    if report_format == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    if report_format == "json":
        return list(json.loads(content))
    sheet = load_workbook(io.BytesIO(content))["Tasks"]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


class Page(HTMLParser):
    """The texts of an HTML report, its tables by their captions, its terms, and its elements."""

    VOID = frozenset({"meta", "link", "img", "br", "rect", "polyline", "polygon"})

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.said: dict[str, str] = {}
        self._term = ""
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self.feed(content.decode())
        assert self._open == [], "every element is closed"

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "tr":
            self._rows.append([])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not data.strip() or self._open[-1] == "style":
            return
        self.texts.append(data.strip())
        if self._open[-1] == "caption":
            self._rows = []
            self.tables[data] = self._rows
        elif self._open[-1] == "dt":
            self._term = data
        elif self._open[-1] == "dd":
            self.said[self._term] = data
        elif self._open[-1] in ("td", "th"):
            self._rows[-1].append(data)

    def counts(self, caption: str) -> dict[str, int]:
        """Name → tasks of a distribution that is not empty."""
        rows = self.tables[caption][1:]
        return {row[0]: int(row[1].replace(",", "")) for row in rows if row[1] != "0"}

    def steps(self) -> dict[str, tuple[int, ...]]:
        """First day of a step → created, completed, open at the end."""
        return {
            day: tuple(int(number.replace(",", "")) for number in numbers)
            for day, *numbers in self.tables["The numbers over time"][1:]
        }


def local(moment: str) -> datetime:
    """What the API prints, as a workbook has it in UTC."""
    return datetime.fromisoformat(moment).replace(tzinfo=None, second=0, microsecond=0)
