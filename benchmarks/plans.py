"""Seeing the plans of the queries that a piece of code runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Recorded:
    """The statements that ran, with their parameters."""

    statements: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def recorded(engine: Engine) -> Iterator[Recorded]:
    """Record every statement that goes through `engine`."""
    found = Recorded()

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def explain(engine: Engine, statement: str, parameters: Any) -> dict[str, Any]:
    """The plan of a statement as PostgreSQL ran it, with times in milliseconds."""
    raw = engine.raw_connection()
    try:
        with raw.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            plan: dict[str, Any] = cursor.fetchone()[0][0]
    finally:
        raw.rollback()
        raw.close()
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    top = plan.get("Plan", plan)
    yield top
    for child in top.get("Plans", []):
        yield from nodes(child)


def sequential_scans(plan: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """The nodes that read the whole of `table`."""
    return [
        node
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == table
    ]
