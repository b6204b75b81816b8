"""The blocks of a page of the documentation: found, run elsewhere, their answers compared."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tree import Tree

ROOT = Path(__file__).resolve().parents[2]
# What differs from run to run: of these only the type is compared.
VARIABLE = re.compile(r"_at$|^(access|refresh|event_id)$")
_BLOCK = re.compile(
    r"(?:^\*\*(?P<file>[\w.]+)\*\*\n\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block, its language, and the name of the file it is to be saved as, if it has one."""

    kind: str
    body: str
    file: str | None = None


def blocks_of(text: str) -> list[Block]:
    return [Block(found["kind"], found["body"], found["file"]) for found in _BLOCK.finditer(text)]


def here(text: str, tree: Tree) -> str:
    """What a page says, for a service that runs elsewhere."""
    text = text.replace("127.0.0.1:5000", f"127.0.0.1:{tree.port}")
    text = text.replace(".venv/bin/flask", f"{shlex.quote(sys.executable)} -m flask")
    return text.replace("instance/", f"{tree.data_dir}/")


def bash(tree: Tree, script: str) -> str:
    """What commands of a page print; each must succeed."""
    run = subprocess.run(
        ["bash", "-ec", here(script, tree)],
        cwd=ROOT, env=tree.environ, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def answers(text: str) -> list[Any]:
    """The JSON values that a text holds, one after the other."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def comparable(value: Any, variable: re.Pattern[str] = VARIABLE) -> Any:
    """The value, with nothing but the type of what is `variable`."""
    if isinstance(value, dict):
        return {
            name: type(item) if variable.search(name) else comparable(item, variable)
            for name, item in value.items()
        }
    return [comparable(item, variable) for item in value] if isinstance(value, list) else value
