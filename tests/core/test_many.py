"""Thousands of ids in one parameter."""

import uuid

import pytest
from sqlalchemy import BigInteger, literal_column, select
from sqlalchemy.dialects.postgresql import UUID

from app.core.many import is_among
from app.extensions import db

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.mark.parametrize(
    ("value", "kind", "ids", "found"),
    [
        ("7", BigInteger(), range(5000), True),
        ("7", BigInteger(), {8}, False),
        ("7", BigInteger(), (), False),
        (f"'{ONE}'::uuid", UUID(), [str(OTHER), str(ONE)], True),
        (f"'{ONE}'::uuid", UUID(), {str(OTHER)}, False),
    ],
)
def test_is_among_finds_what_in_would_find(app, value, kind, ids, found):
    with app.app_context():
        assert db.session.scalar(select(is_among(literal_column(value, kind), ids))) is found
