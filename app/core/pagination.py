"""Pages of lists: by number where the list is short, by cursor (keyset) where it may be long.

Every list answers `{count, next, previous, results}`; `next` and `previous` are whole URLs or null.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, TypedDict, TypeVar
from urllib.parse import urlencode

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, fields
from sqlalchemy import (
    ColumnElement,
    GenerativeSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import clock
from app.core.errors import Invalid

T = TypeVar("T")
Rows = TypeVar("Rows", bound=GenerativeSelect)

MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20
MAX_PAGE = 1000
"""Pages beyond cost as much as everything before them; cursors do not, so they go on for ever."""


class Page(TypedDict, Generic[T]):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: Sequence[T]


@cache
def page_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a page of `item`s."""
    name = item.__name__.removesuffix("Schema")
    return Schema.from_dict(
        {
            "count": fields.Integer(metadata={"description": "How many match in all."}),
            "next": fields.Url(allow_none=True),
            "previous": fields.Url(allow_none=True),
            "results": fields.List(fields.Nested(item)),
        },
        name=f"{name}PageSchema",
    )


def numbered(rows: Rows, query: Mapping[str, Any]) -> Rows:
    """The rows of the page that `query` (`page`, `page_size`) names."""
    size = query["page_size"]
    return rows.limit(size).offset((query["page"] - 1) * size)


def counted_page(
    session: Session, rows: Select[T], query: Mapping[str, Any]
) -> tuple[int, Sequence[T]]:
    """How many `rows` there are, and those of the page that `query` names."""
    count = session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    return count, session.scalars(numbered(rows, query)).all()


def paged(count: int, results: Sequence[T], query: Mapping[str, Any]) -> Page[T]:
    """A page by number; `query` holds `page` and `page_size`."""
    page, size = query["page"], query["page_size"]
    return {
        "count": count,
        "next": url_with(page=page + 1) if page * size < count else None,
        "previous": url_with(page=page - 1) if page > 1 else None,
        "results": results,
    }


def url_with(**parameters: Any) -> str:
    """The present URL with other `page` and `cursor` parameters."""
    kept = [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in ("page", "cursor", "before", "after")
    ]
    return f"{request.base_url}?{urlencode(kept + list(parameters.items()))}"


@dataclass(frozen=True)
class SortKey:
    """One column of an order. Nulls come last in both directions."""

    name: str
    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    descending: bool
    nullable: bool = False


@dataclass(frozen=True)
class Cursor:
    """A place in an ordered list: the sort values of a row, and which way to go from it."""

    values: tuple[Any, ...]
    backwards: bool = False


class Keyset:
    """An order that ends in a unique key, so that every row has one place in it."""

    def __init__(self, keys: Sequence[SortKey]) -> None:
        self.keys = tuple(keys)
        self.signature = ",".join(("-" if k.descending else "") + k.name for k in self.keys)

    def order_by(self, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        """The ORDER BY clauses, in or against the order."""
        return [clause for key in self.keys for clause in _order(key, backwards)]

    def beyond(self, cursor: Cursor) -> ColumnElement[bool]:
        """The condition that holds for the rows after the cursor (before it, when backwards)."""
        if self._is_uniform():
            row = tuple_(*(key.column for key in self.keys))
            bound = tuple_(*map(_bound, self.keys, cursor.values))
            return row < bound if self.keys[0].descending != cursor.backwards else row > bound
        return self._step_by_step(cursor)

    def encode(self, values: Sequence[Any], *, backwards: bool) -> str:
        """The cursor as text, signed: it is good for this order only and can't be made up."""
        plain = [_plain(value) for value in values]
        return str(_serializer().dumps([self.signature, int(backwards), plain]))

    def decode(self, text: str) -> Cursor:
        """Read a cursor that `encode` wrote. Raises Invalid for any other."""
        try:
            signature, backwards, values = _serializer().loads(text)
        except BadSignature:
            raise Invalid.field("cursor", "is not one that this list gave out") from None
        if signature != self.signature:
            raise Invalid.field("cursor", "belongs to another ordering; start without it")
        typed = (_typed(k, v) for k, v in zip(self.keys, values, strict=True))
        return Cursor(tuple(typed), bool(backwards))

    def _is_uniform(self) -> bool:
        """Whether one row comparison says it all, which an index answers directly."""
        return len({key.descending for key in self.keys}) == 1 and not any(
            key.nullable for key in self.keys
        )

    def _step_by_step(self, cursor: Cursor) -> ColumnElement[bool]:
        """`a > x OR (a = x AND b > y) OR …`, with nulls at the end."""
        steps = []
        same: list[ColumnElement[bool]] = []
        for key, value in zip(self.keys, cursor.values, strict=True):
            if (after := _after(key, value, cursor.backwards)) is not None:
                steps.append(and_(*same, after))
            same.append(key.column.is_(None) if value is None else key.column == value)
        return or_(*steps)


def cursor_links(
    order: Keyset, cursor: Cursor | None, rows: Sequence[Sequence[Any]], *, has_more: bool
) -> tuple[str | None, str | None]:
    """The links to the next and the previous page; null where there is none that way.

    `rows` are the sort values of the rows of the page that `cursor` led to.
    """
    if not rows:
        return None, None
    backwards = cursor is not None and cursor.backwards
    onwards = url_with(cursor=order.encode(rows[-1], backwards=False))
    back = url_with(cursor=order.encode(rows[0], backwards=True))
    has_previous = has_more if backwards else cursor is not None
    return onwards if backwards or has_more else None, back if has_previous else None


def _order(key: SortKey, backwards: bool) -> list[ColumnElement[Any]]:
    clause = key.column.desc() if key.descending != backwards else key.column.asc()
    if not key.nullable:
        return [clause]
    return [clause.nulls_first() if backwards else clause.nulls_last()]


def _after(key: SortKey, value: Any, backwards: bool) -> ColumnElement[bool] | None:
    if value is None:
        return key.column.is_not(None) if backwards else None
    downwards = key.descending != backwards
    bound = _bound(key, value)
    beyond = key.column < bound if downwards else key.column > bound
    return or_(beyond, key.column.is_(None)) if key.nullable and not backwards else beyond


def _bound(key: SortKey, value: Any) -> ColumnElement[Any]:
    """`value` as a parameter: SQLAlchemy does not compare a column with a plain True by `<`."""
    return literal(value, key.column.type)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(value)
    return value.isoformat() if isinstance(value, date) else value


def _typed(key: SortKey, value: Any) -> Any:
    kind = key.column.type.python_type
    if value is None or kind not in (date, datetime):
        return value
    return kind.fromisoformat(value)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="cursor")
