"""The states of a task, and which may follow which: the one table."""

import enum


class Status(enum.StrEnum):
    """The states of a task; the first four are open. The database sorts them in this order."""

    BACKLOG = "BACKLOG"
    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    REVIEW = "REVIEW"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    ARCHIVED = "ARCHIVED"


OPEN = frozenset({Status.BACKLOG, Status.TODO, Status.IN_PROGRESS, Status.REVIEW})
CLOSED = frozenset(Status) - OPEN

TRANSITIONS: dict[Status, frozenset[Status]] = {
    # Open work goes anywhere: the documents' clients complete and cancel from every open state.
    Status.BACKLOG: OPEN | CLOSED,
    Status.TODO: OPEN | CLOSED,
    Status.IN_PROGRESS: OPEN | CLOSED,
    Status.REVIEW: OPEN | CLOSED,
    # What is over is put away or taken up again; how it ended is not rewritten.
    Status.DONE: OPEN | {Status.DONE, Status.ARCHIVED},
    Status.CANCELLED: OPEN | {Status.CANCELLED, Status.ARCHIVED},
    Status.ARCHIVED: OPEN | {Status.ARCHIVED},
}


def refusal(present: Status, wanted: Status) -> str | None:
    """Why a task may not go from `present` to `wanted`; None where it may."""
    if wanted in TRANSITIONS[present]:
        return None
    return (
        f"a task that is {present} cannot become {wanted}; reopen it first "
        f"({', '.join(status for status in Status if status in OPEN)})"
    )
