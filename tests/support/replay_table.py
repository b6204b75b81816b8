"""The table of the replayed requests: its rows are read from the tests, its results from a run."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "replay"
TABLE = ROOT / "docs" / "replay.md"

HEADING = """# The documents' requests, replayed

Every request that one of the five documents shows is sent as it stands there (ids and tokens put
in) to the whole service on a fresh database. `make replay` runs them and writes this page.

`REPLAY_URL=http://127.0.0.1:8000 ./quick-start.sh test tests/replay` sends them to a service that
runs already, on a fresh database; `REPLAY_WS_URL` says where its sockets are, if elsewhere. What
only its inside could show (mail, logs, Redis, records) is left out then, and named at the end.

| item | document | request | what is shown | result |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Item:
    """One row: a test whose name starts with its number and whose docstring is the request."""

    number: int
    document: str
    request: str
    shown: str
    test: str
    inside: bool
    partly_inside: bool

    def row(self, result: str) -> str:
        cells = (str(self.number), self.document, f"`{self.request}`", self.shown, result)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def items() -> list[Item]:
    """Every item in its order. The first line of a module's docstring names its document."""
    found = [item for module in TESTS.glob("test_*.py") for item in _items_of(module)]
    return sorted(found, key=lambda item: item.number)


def _items_of(module: Path) -> list[Item]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    document = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    return [
        _item(document, node, match)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and (match := re.fullmatch(r"test_(\d\d)_(\w+)", node.name))
    ]


def _item(document: str, node: ast.FunctionDef, match: re.Match[str]) -> Item:
    return Item(
        number=int(match[1]),
        document=document,
        request=" ".join((ast.get_docstring(node) or "").split()),
        shown=match[2].replace("_", " "),
        test=node.name,
        inside="pytest.mark.inside" in map(ast.unparse, node.decorator_list),
        partly_inside="tree" in {argument.arg for argument in node.args.args},
    )


def written(results: Mapping[str, str]) -> str:
    """The page, with `results` by the name of the test."""
    rows = [item.row(results.get(item.test, "not run")) for item in items()]
    return HEADING + "\n".join(rows) + "\n"


def without_results(page: str) -> str:
    """The page but for its last column, which is the only one that a run decides."""
    return re.sub(r"\| (green|red|not run) \|$", "|", page, flags=re.MULTILINE)
