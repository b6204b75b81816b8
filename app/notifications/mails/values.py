"""What the templates are given, for each group of kinds."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from app.notifications.kinds import Kind
from app.notifications.mails.changes import changed_fields
from app.notifications.mails.letter import Letter
from app.notifications.mails.wording import one_line, readable, short_moment, shortened

Values = Mapping[str, Any]

_SECTIONS = {
    "overdue": ("Overdue", "#e03131"),
    "today": ("Due today", "#e8590c"),
    "week": ("Due in the next seven days", "#4c6ef5"),
    "done": ("Done yesterday", "#2f9e44"),
}
"""Sections of the daily summary → what a person reads, and its colour."""


def of_task(letter: Letter) -> Values:
    """A task as the last event left it, and what changed."""
    task, reader = letter.last.snapshot, letter.recipient
    facts = {"status": "Status", "priority": "Priority", "due_date": "Due"}
    tie = _tie(letter)
    return {
        "title": task["title"],
        "tie": tie,
        "why": f"of a task that {tie}",
        "facts_of_task": [
            (label, readable(name, task[name], reader, letter.names))
            for name, label in facts.items()
        ],
        "changes": changed_fields(letter),
        # Who only learns of a change knows the task.
        "description": "" if letter.kind is Kind.CHANGED else shortened(task["description"]),
        **_link_to_task(letter),
    }


def of_mention(letter: Letter) -> Values:
    """A comment that names the reader."""
    return _comment(letter) | {"why": "the comment names you"}


def of_comment(letter: Letter) -> Values:
    """A comment on a task that the reader has to do with."""
    return _comment(letter) | {"why": "the task is yours or you commented on it"}


def of_invitation(letter: Letter) -> Values:
    """A project of which the reader has become a member."""
    return {
        "title": letter.title,
        "role": str(letter.last.snapshot["role"]).capitalize(),
        "why": "you were made a member of the project",
        "link": letter.links.project(letter.last.project_id),
        "link_label": "Open the project",
    }


def of_webhook(letter: Letter) -> Values:
    """A webhook that was switched off, with what its receiver answered last."""
    webhook = letter.last.snapshot
    return {
        "title": webhook["url"],
        "error": shortened(webhook.get("disabled_reason") or ""),
        "why": "the webhook is yours",
        "link": letter.links.public,
        "link_label": "Open the service",
    }


def of_test(letter: Letter) -> Values:
    """Nothing but the mail itself."""
    return {
        "title": "E-mail works",
        "why": "you asked for it",
        "link": letter.links.public,
        "link_label": "Open the service",
    }


def of_summary(letter: Letter) -> Values:
    """The day of the reader, as it was when the summary was made."""
    snapshot = letter.last.snapshot
    day = f"{date.fromisoformat(snapshot['day']):%A, %d %B %Y}"
    sections = [each for each in map(partial(_section, letter), snapshot["sections"]) if each]
    counts = (f"{each['count']} {each['label'].lower()}" for each in sections)
    return {
        "title": "Your day",
        "day": day,
        "recipient": letter.recipient.display_name,
        "headline": ", ".join(counts),
        "sections": sections,
        "why": "tasks are assigned to you",
        "link": f"{letter.links.public}/#tasks",
        "link_label": "Open your tasks",
    }


def preheader(values: Values) -> str:
    """What a client shows beside the subject: the most telling thing that is not in there."""
    if changes := values.get("changes"):
        return "; ".join(f"{each.label}: {each.before} → {each.after}" for each in changes)[:150]
    text = values.get("body") or values.get("headline") or values.get("error")
    return one_line(text or values.get("description") or values["title"])[:150]


def _tie(letter: Letter) -> str:
    is_theirs = letter.last.snapshot["assignee"] == letter.recipient.id
    return "is assigned to you" if is_theirs else "you reported"


def _link_to_task(letter: Letter) -> dict[str, Any]:
    task_id = letter.last.task_id
    return {
        "link": letter.links.task(task_id) if task_id else None,
        "link_label": "Open the task",
    }


def _comment(letter: Letter) -> dict[str, Any]:
    body = shortened(letter.last.snapshot["body"])
    return {"title": letter.title, "body": body, **_link_to_task(letter)}


def _section(letter: Letter, section: Mapping[str, Any]) -> dict[str, Any]:
    """A section without what was taken from the reader meanwhile; empty where nothing is left."""
    label, colour = _SECTIONS[section["name"]]
    more = section["count"] - len(section["tasks"])
    tasks = [
        {
            "title": task["title"],
            "link": letter.links.task(task["id"]),
            "moment": short_moment(task["moment"], letter.recipient),
        }
        for task in section["tasks"]
        if task["id"] in letter.open_to
    ]
    if not tasks:
        return {}
    count = len(tasks) + more
    return {"label": label, "colour": colour, "count": count, "tasks": tasks, "more": more}
