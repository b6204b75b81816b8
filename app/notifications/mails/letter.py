"""What a mail is made of, once everything has been read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.events import EventRecord
from app.notifications.kinds import Kind
from app.users.models import User


@dataclass(frozen=True)
class Links:
    """Where a mail leads: `public` is the address of the service, the others are whole URLs.

    `unsubscribe` is None for what was asked for or has to be told: nobody can switch that off.
    """

    public: str
    unsubscribe: str | None = None

    @property
    def preferences(self) -> str:
        """Where the recipient says what to be told."""
        return f"{self.public}/#preferences"

    def task(self, task_id: int) -> str:
        """Where a task is shown."""
        return f"{self.public}/#tasks/{task_id}"

    def project(self, project_id: int | None) -> str:
        """Where a project is shown."""
        return f"{self.public}/#projects/{project_id}"


@dataclass(frozen=True)
class Letter:
    """Somebody is told of `records` as `kind`; of several only where these are changes of one task.

    They stand in the order in which they happened. `head` is the event whose delivery carries the
    mail: its Message-ID is made of that. `title` is what the task or project is called now, `names`
    are those of everyone whom the records mention. `open_to` are those tasks of a summary that the
    recipient still has.
    """

    kind: Kind
    head: EventRecord
    records: Sequence[EventRecord]
    recipient: User
    links: Links
    title: str = ""
    names: Mapping[int, str] = field(default_factory=dict)
    open_to: frozenset[int] = frozenset()

    @property
    def last(self) -> EventRecord:
        """The event that says how things stand."""
        return self.records[-1]

    @property
    def actors(self) -> str:
        """Who did it: `ada`, `ada and bob`, `ada, bob and 2 others`."""
        ids = dict.fromkeys(record.actor_id for record in self.records)
        return listed([self.names.get(each or 0, "Somebody") for each in ids])


def listed(names: Sequence[str]) -> str:
    """Names as a sentence holds them; of more than three only the first two."""
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} others"
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
