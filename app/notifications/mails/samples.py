"""A letter of each kind about things that do not exist, to look at."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core import clock
from app.core.events import EventRecord
from app.notifications.kinds import KINDS, Kind
from app.notifications.mails.letter import Letter, Links
from app.users.models import User

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_ADA, _BOB, _CARL = 1, 2, 3
_NAMES = {_ADA: "Ada Lovelace", _BOB: "Bob Kahn", _CARL: "Carl Sagan"}
_PROSE = (
    "The cover sheet still names last quarter. Please check the figures of chapter 3 against the "
    "ledger before it goes to print.\n\nThanks!"
)


def letter_of(kind: Kind, public: str) -> Letter:
    """A letter of `kind`, from the service at the address `public`."""
    token = f"{public}/unsubscribe/a-sample"
    links = Links(public, token if KINDS[kind].channels else None)
    title = "Office move" if kind is Kind.PROJECT_INVITATION else "Write the quarterly report"
    records = _records(kind)
    return Letter(kind, records[0], records, _reader(), links, title, _NAMES, frozenset(range(100)))


def _reader() -> User:
    return User(
        id=_BOB,
        username="bob",
        email="bob@example.com",
        first_name="Bob",
        last_name="Kahn",
        timezone="Europe/Berlin",
    )


def _records(kind: Kind) -> list[EventRecord]:
    if kind is Kind.CHANGED:
        due = clock.iso(MORNING + timedelta(days=3))
        return [
            _record(_task(), _ADA, status=["TODO", "IN_PROGRESS"]),
            _record(_task(), _CARL, due_date=[None, due], title=["Report", _task()["title"]]),
            _record(_task(due_date=due), _ADA, status=["IN_PROGRESS", "REVIEW"]),
        ]
    snapshots: dict[Kind, dict[str, Any]] = {
        Kind.MENTIONED: {"body": "@bob can you check the figures?\nThe ledger is in the archive."},
        Kind.COMMENTED: {"body": "The printer needs it by noon."},
        Kind.PROJECT_INVITATION: {"project": 4, "user": _BOB, "role": "MANAGER"},
        Kind.DAILY_SUMMARY: _summary(),
        Kind.WEBHOOK_DISABLED: {
            "url": "https://hooks.example.com/tasks",
            "disabled_reason": "503 Service Unavailable, for 5 days",
        },
        Kind.TEST: {},
    }
    changes = {"assignee": [None, _BOB]} if kind is Kind.ASSIGNED else {}
    return [_record(snapshots.get(kind, _task()), _ADA, **changes)]


def _record(snapshot: dict[str, Any], actor_id: int, **changes: Any) -> EventRecord:
    return EventRecord(
        event_id=uuid.UUID(int=7),
        at=MORNING,
        actor_id=actor_id,
        project_id=4,
        task_id=17,
        changes=changes,
        snapshot=snapshot,
        request_id="a-sample",
    )


def _task(due_date: str | None = None) -> dict[str, Any]:
    return {
        "id": 17,
        "title": "Write the quarterly report",
        "description": _PROSE,
        "status": "REVIEW",
        "priority": "HIGH",
        "assignee": _BOB,
        "reporter": _ADA,
        "due_date": due_date or clock.iso(MORNING + timedelta(hours=7)),
    }


def _summary() -> dict[str, Any]:
    def section(name: str, more: int, hours: int, *titles: str) -> dict[str, Any]:
        tasks = [
            {"id": number, "title": title, "moment": clock.iso(MORNING + timedelta(hours=hours))}
            for number, title in enumerate(titles, start=17)
        ]
        return {"name": name, "count": len(tasks) + more, "tasks": tasks}

    return {
        "day": f"{MORNING:%Y-%m-%d}",
        "sections": [
            section("overdue", 0, -42, "Renew the certificate of the mail server"),
            section("today", 0, 7, "Write the quarterly report", "Call the printer"),
            section("week", 8, 54, "Book the room", "Order chairs", "Plan the move", "Pack"),
            section("done", 0, -18, "Read the minutes"),
        ],
    }
