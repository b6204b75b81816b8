"""What changed, in one event or in several about the same task."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.core.events import EventRecord
from app.notifications.mails.letter import Letter
from app.notifications.mails.wording import LABELS, readable


class ChangedField(NamedTuple):
    """One line of what changed, as a person reads it."""

    label: str
    before: str
    after: str


def combined(records: Sequence[EventRecord]) -> Mapping[str, tuple[Any, Any]]:
    """Each field that people are told of, with its first value before and its last one after.

    A field that came back to where it was has not changed.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for record in records:
        for name, (before, after) in record.changes.items():
            first, _ = found.get(name, (before, after))
            found[name] = first, after
    return {name: found[name] for name in LABELS if name in found and _differ(*found[name])}


def changed_fields(letter: Letter) -> Sequence[ChangedField]:
    """The lines of what changed."""
    return [
        ChangedField(
            LABELS[name],
            *(readable(name, value, letter.recipient, letter.names) for value in pair),
        )
        for name, pair in combined(letter.records).items()
    ]


def _differ(before: Any, after: Any) -> bool:
    return bool(before != after)
