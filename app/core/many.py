"""Asking the database about thousands of ids at once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, cast, literal
from sqlalchemy.dialects.postgresql import ARRAY


def is_among(column: Any, ids: Collection[int | str]) -> ColumnElement[bool]:
    """`column IN (…)` with one parameter, whatever the number of `ids`.

    They are numbers, or UUIDs as text, and never what a client has sent. With one parameter for
    each, thousands of them take the client longer than the query takes the server, and whoever is
    connected is asked about many times a second.
    """
    listed = literal("{" + ",".join(map(str, ids)) + "}", Text)
    found: ColumnElement[bool] = column == any_(cast(listed, ARRAY(column.type)))
    return found
