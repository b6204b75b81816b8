import re
from collections import defaultdict
from pathlib import Path

from app.web import routes

FOLDER = Path(routes.__file__).parent / "static" / "board" / "css"
SHARED = {"tokens.css", "base.css", "ui.css", "shell.css"}


def test_no_two_pages_mean_different_things_by_one_class() -> None:
    """All sheets are there on every page: whatever two of them style looks like neither."""
    sheets = defaultdict(set)
    for file in FOLDER.glob("*.css"):
        for selector in re.findall(r"([^{}]+)\{", file.read_text(encoding="utf-8")):
            for part in selector.split(","):
                if found := re.match(r"\s*\.([a-z-]+)", part):
                    sheets[found[1]].add(file.name)
    twice = {name: found for name, found in sheets.items() if len(found) > 1 and not found & SHARED}
    assert twice == {}
