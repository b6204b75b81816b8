"""Letting somebody in, seen from the database's side."""

from contextlib import ExitStack

from app.extensions import db
from app.realtime.connection import Connection
from app.realtime.credentials import given_token
from app.realtime.raw_adapter import RawAdapter

POOL = 20
"""Connections to the database that a process may have."""


def test_the_first_of_many_who_come_at_once_needs_one_connection_to_the_database_at_a_time(
    app, ada
):
    """Would it need two, all of them would wait for each other, after every restart."""
    switchboard, adapter = app.extensions["realtime"], RawAdapter()
    connection = Connection("first", "127.0.0.1", adapter)
    adapter.open(connection)
    with app.app_context(), ExitStack() as others:
        db.session.remove()
        while db.engine.pool.checkedout() < POOL - 1:
            others.enter_context(db.engine.connect())
        switchboard.open(connection)
        try:
            assert switchboard.sign_in(connection, given_token(ada.access)).id == ada.id
        finally:
            switchboard.connections.remove(connection.id)
