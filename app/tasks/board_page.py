"""A board, ready to draw: its columns, the first cards of each, and how many there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask import current_app, url_for
from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from app.boards.lifecycle import Status
from app.boards.models import BoardColumn
from app.boards.queries import columns_of, get_board
from app.tasks.models import Task
from app.tasks.queries import keyset, task_json
from app.users.actor import Actor


class Card(NamedTuple):
    """One card, as JSON text, and its place."""

    id: int
    position: str
    text: str


def board_page(session: Session, board_id: int, limit: int, actor: Actor) -> str:
    """The page as JSON text (BoardPageSchema); the same few queries for any board.

    Each column comes with at most `limit` cards. Raises NotFound.
    """
    board, project, standing = get_board(session, board_id, actor)
    columns = columns_of(session, board_id)
    counts = _counts(session, board_id)
    cards = _first_cards(session, board_id, limit)
    page = {
        "id": board.id,
        "project": project.id,
        "name": board.name,
        "position": board.position,
        "role": standing.role,
        "is_archived": project.is_archived,
    }
    texts = ",".join(
        _column(column, counts.get(column.status, 0), cards[column.status], limit)
        for column in columns
    )
    return f'{_dumps(page)[:-1]},"columns":[{texts}]}}'


def _column(column: BoardColumn, count: int, cards: Sequence[Card], limit: int) -> str:
    head = {
        "id": column.id,
        "name": column.name,
        "status": column.status,
        "position": column.position,
        "wip_limit": column.wip_limit,
        "count": count,
        "next": _rest(column, cards[-1], limit) if cards and count > len(cards) else None,
    }
    return f'{_dumps(head)[:-1]},"tasks":[{",".join(card.text for card in cards)}]}}'


def _rest(column: BoardColumn, last: Card, limit: int) -> str:
    """The link to the list of tasks that goes on below the last card."""
    query = {
        "board": column.board_id,
        "status": column.status.value,
        "ordering": "position",
        "page_size": limit,
        "cursor": keyset("position").encode((last.position, last.id), backwards=False),
    }
    return f"{url_for('task.list_tasks', _external=True)}?{urlencode(query)}"


def _dumps(value: object) -> str:
    return current_app.json.dumps(value)


def _counts(session: Session, board_id: int) -> Mapping[Status, int]:
    rows = session.execute(
        select(Task.status, func.count())
        .where(Task.board_id == board_id, Task.deleted_at.is_(None))
        .group_by(Task.status)
    )
    return dict(rows.all())


def _first_cards(session: Session, board_id: int, limit: int) -> Mapping[Status, Sequence[Card]]:
    """Each column is read in order through the index of places, no further than is shown."""
    shown = (
        select(Task.id, Task.position, task_json().label("text"))
        .where(
            Task.board_id == board_id,
            Task.status == BoardColumn.status,
            Task.deleted_at.is_(None),
        )
        .order_by(Task.position)
        .limit(limit)
        .correlate(BoardColumn)
        .lateral()
    )
    rows = session.execute(
        select(BoardColumn.status, shown.c.id, shown.c.position, shown.c.text)
        .join(shown, true())
        .where(BoardColumn.board_id == board_id)
        .order_by(BoardColumn.status, shown.c.position)
    )
    cards = defaultdict(list)
    for status, *card in rows:
        cards[status].append(Card(*card))
    return cards
