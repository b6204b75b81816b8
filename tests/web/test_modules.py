"""The modules of the board fit together: nothing builds them, so nothing else would tell before."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web import assets

FOLDER = assets.FOLDER / "board"
MODULES = {file: file.read_text(encoding="utf-8") for file in sorted(FOLDER.rglob("*.js"))}
ENTRY = {FOLDER / "main.js", FOLDER / "theme.js"}
PAGE = (assets.FOLDER.parent / "templates/web/board.html").read_text(encoding="utf-8")
ICONS = FOLDER / "ui" / "icon.js"

EXPORTED = re.compile(r"^export (?:async )?(?:const|function|class) (\w+)", re.MULTILINE)
EXPORTED_AGAIN = re.compile(r"^export \{([^}]*)\}", re.MULTILINE)
IMPORTED = re.compile(r'^import (?:(\w+)|\{([^}]*)\}) from "([^"]*)";', re.MULTILINE)


def names(text: str) -> list[str]:
    """The names in the braces of an import, as they are called outside."""
    return [name.split(" as ")[0].strip() for name in text.split(",") if name.strip()]


def imports(module: Path) -> Iterator[tuple[Path, list[str]]]:
    """What a module takes from others of ours."""
    for alone, several, source in IMPORTED.findall(MODULES[module]):
        if source.startswith("."):
            assert not alone, f"{module} takes a default export"
            yield (module.parent / source).resolve(), names(several)


def exports(module: Path) -> set[str]:
    text = MODULES[module]
    again = [name for found in EXPORTED_AGAIN.findall(text) for name in names(found)]
    return {*EXPORTED.findall(text), *again}


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_a_module_imports_what_there_is_and_what_it_uses(module: Path) -> None:
    for source, taken in imports(module):
        assert source in MODULES
        assert set(taken) <= exports(source)
        words = Counter(re.findall(r"\w+", MODULES[module]))
        assert [name for name in taken if words[name] == 1] == []


def test_nothing_is_there_for_nobody() -> None:
    found = [each for module in MODULES for each in imports(module)]
    assert set(MODULES) - {source for source, _ in found} == ENTRY
    taken = {(source, name) for source, all_ in found for name in all_}
    unused = {
        (module.name, name)
        for module in MODULES
        for name in exports(module)
        if (module, name) not in taken
    }
    assert unused == set()


def test_every_icon_is_drawn_somewhere() -> None:
    others = "".join(text for file, text in MODULES.items() if file != ICONS)
    icons = re.findall(r'^  (\w+): "[Mm]', MODULES[ICONS], re.MULTILINE)
    assert icons
    assert [name for name in icons if f'"{name}"' not in others] == []


def test_every_class_of_the_sheets_is_used() -> None:
    used = set(re.findall(r"[\w-]+", PAGE + "".join(MODULES.values())))
    styled = {
        name
        for sheet in (FOLDER / "css").glob("*.css")
        for selector in re.findall(r"([^{}]+)\{", sheet.read_text(encoding="utf-8"))
        for name in re.findall(r"\.([a-z][a-z-]*)", selector)
    }
    # The marks of states and priorities are named as these are.
    assert {name for name in styled - used if not name.startswith("is-")} == set()
