"""What must be true once everything is final, told by what arrived and by the tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, text

from benchmarks.chaos_smtp import Arrival
from benchmarks.fault_load import OWED

Mail = tuple[str, int]
"""The id of an event, and of who is told of it."""

_MESSAGE_ID = re.compile(r"delivery-([0-9a-f-]{36})-(\d+)@")

# A delivery without a column `part_of` goes alone, as one whose `part_of` is null.
DELIVERIES = """
SELECT e.event_id::text AS event, d.target::bigint AS person, d.state, d.last_error,
       coalesce(h.event_id, e.event_id)::text AS head, d.attempts
FROM deliveries d JOIN events e ON e.id = d.event_id
     LEFT JOIN deliveries w ON w.id = (to_jsonb(d) ->> 'part_of')::bigint
     LEFT JOIN events h ON h.id = w.event_id
WHERE d.channel = 'email'
"""
ORDER = "SELECT event_id::text, id, task_id FROM events"
UNDER_WAY = """
SELECT e.event_id::text, d.target::bigint
FROM deliveries d JOIN events e ON e.id = d.event_id
WHERE d.channel = 'email' AND d.state = 'pending' AND d.lease_until > now()
"""


class Killing(NamedTuple):
    """When a worker was killed, and the mails that it had begun and not written down as sent."""

    at: float
    under_way: frozenset[Mail]


@dataclass
class Findings:
    """The figures; all of `broken` must be 0."""

    figures: dict[str, int]
    broken: dict[str, int]
    dropped: Counter[str]


def under_way(connection: Connection) -> frozenset[Mail]:
    """The mails that somebody holds a lease of."""
    return frozenset((event, person) for event, person in connection.execute(text(UNDER_WAY)))


def examine(
    connection: Connection, arrivals: Sequence[Arrival], killings: Sequence[Killing]
) -> Findings:
    """Compare what was owed, what the tables say and what arrived."""
    # What the load must owe, whether or not the relay has noted it, and all that it has noted.
    owed = {(event, person) for event, person in connection.execute(text(OWED))}
    rows = connection.execute(text(DELIVERIES)).all()
    came = [(arrival, _mail_of(arrival)) for arrival in arrivals]
    told_by = {(row.event, row.person): (row.head, row.person) for row in rows}
    owed |= told_by.keys()
    dropped = {(row.event, row.person) for row in rows if row.state == "dropped"}
    arrived = Counter(mail for _, mail in came)
    told = {mail for mail, head in told_by.items() if head in arrived}
    doubled = _doubled(came, killings)
    figures = {
        "mails owed": len(owed),
        "of these folded into another mail": sum(mail != head for mail, head in told_by.items()),
        "dropped as pointless": len(dropped),
        "distinct messages that arrived": len(arrived),
        "sent twice, same Message-ID: 250 not sent": doubled["250 not sent"],
        "sent twice, same Message-ID: worker killed before its note": doubled["killed"],
        "most attempts at one mail": max((row.attempts for row in rows), default=0),
    }
    broken = {
        "missing": len(owed - told - dropped),
        "sent twice outside the SMTP window": doubled["outside"],
        "arrived though nobody owes it": len(arrived.keys() - set(told_by.values())),
        "out of order for one task and receiver": _out_of_order(connection, came),
        "given up": sum(row.state == "dead" for row in rows),
        "not final": sum(row.state == "pending" for row in rows),
    }
    reasons = Counter(row.last_error for row in rows if row.state == "dropped")
    return Findings(figures, broken, reasons)


def _mail_of(arrival: Arrival) -> Mail:
    found = _MESSAGE_ID.match(arrival.message_id)
    return (found[1], int(found[2])) if found else (arrival.message_id, 0)


def _doubled(came: Sequence[tuple[Arrival, Mail]], killings: Sequence[Killing]) -> Counter[str]:
    """Why messages came again: where its sender could not know that it had arrived, it must."""
    times: defaultdict[Mail, list[Arrival]] = defaultdict(list)
    for arrival, mail in came:
        times[mail].append(arrival)
    why: Counter[str] = Counter()
    for mail, again in times.items():
        for earlier, later in pairwise(again):
            if not earlier.answered:
                why["250 not sent"] += 1
            elif any(
                earlier.at <= killing.at <= later.at and mail in killing.under_way
                for killing in killings
            ):
                why["killed"] += 1
            else:
                why["outside"] += 1
    return why


def _out_of_order(connection: Connection, came: Sequence[tuple[Arrival, Mail]]) -> int:
    """How many messages came after one that tells of a later event of the task."""
    known = {event: (number, task) for event, number, task in connection.execute(text(ORDER))}
    latest: defaultdict[tuple[int, int], int] = defaultdict(int)
    wrong = 0
    for _, (event, person) in came:
        number, task = known.get(event, (0, None))
        if task is None:
            continue
        wrong += number < latest[task, person]
        latest[task, person] = max(latest[task, person], number)
    return wrong
