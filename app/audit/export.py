"""The audit log as a file, made line by line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.audit.schemas import LogEntrySchema
from app.core import csv

COLUMNS = (
    "id",
    "event_id",
    "at",
    "actor",
    "entity",
    "entity_id",
    "action",
    "project",
    "task",
    "changes",
    "ip",
    "user_agent",
    "request_id",
)
MEDIA_TYPES = {"csv": csv.MEDIA_TYPE, "ndjson": "application/x-ndjson"}

_schema = LogEntrySchema()


def as_ndjson(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON object for each entry, each on a line."""
    for entry in entries:
        yield json.dumps(_schema.dump(entry), separators=(",", ":")) + "\n"


def as_csv(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A table with a header; the changes are JSON, and the actor is named by the username."""
    yield csv.line(COLUMNS)
    for entry in entries:
        row = _schema.dump(entry)
        row["actor"] = row["actor"]["username"] if row["actor"] else None
        row["changes"] = json.dumps(row["changes"], separators=(",", ":"))
        yield csv.line(csv.inert(row[name]) for name in COLUMNS)


WRITERS = {"csv": as_csv, "ndjson": as_ndjson}
