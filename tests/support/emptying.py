"""Empties a database after a test, in one call: its plans are made once for a connection."""

from sqlalchemy import Connection, MetaData, text

MANY = 1000
"""Rows from which on a TRUNCATE, which makes new files for a table and its indexes, is faster."""

EMPTY = text("SELECT empty_tables()")
SEQUENCES = text(
    "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = 'public'"
)
# The triggers of foreign keys and of what is only ever added to would stand in the way.
FUNCTION = """
CREATE FUNCTION empty_tables() RETURNS void LANGUAGE plpgsql
SET session_replication_role = replica AS $$
BEGIN
{body}
END $$
"""
OF_A_TABLE = """
IF EXISTS (SELECT FROM {name}) THEN
    IF EXISTS (SELECT FROM {name} OFFSET {many}) THEN
        TRUNCATE {name} CASCADE;
    ELSE
        DELETE FROM {name};
    END IF;
END IF;
"""
OF_A_SEQUENCE = "PERFORM setval('{name}', 1, false) FROM {name} WHERE is_called;"


def create_emptying(connection: Connection, metadata: MetaData, afterwards: str) -> None:
    """Make `EMPTY` delete all rows, let the ids begin at 1 again, and do what is to follow."""
    steps = [OF_A_TABLE.format(name=name, many=MANY) for name in metadata.tables]
    steps += [OF_A_SEQUENCE.format(name=name) for name in connection.scalars(SEQUENCES)]
    body = "".join([*steps, afterwards])
    connection.execute(text(FUNCTION.format(body=body)))
