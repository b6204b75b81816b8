"""Every command of the README is run as it stands; its answers are those that it prints."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

from tree import Tree, wait_until  # noqa: E402 - found through the line above

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MARK = "=====next====="
# What differs from run to run; everything else must be as printed.
VARIABLE = re.compile(r"_at$|^due_date$")

pytestmark = [pytest.mark.xdist_group("tree"), pytest.mark.timeout(180)]


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Any:
    running = Tree(tmp_path_factory.mktemp("readme"), mail_to_files=True)
    yield running
    assert running.stop() == []


def _here(text: str, tree: Tree) -> str:
    """The README's text for a service that runs elsewhere."""
    text = text.replace("http://127.0.0.1:5000", tree.base)
    return text.replace("instance/", f"{tree.data_dir}/")


def _answers(text: str) -> list[Any]:
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: (item is None) if VARIABLE.search(name) else _comparable(item)
            for name, item in value.items()
        }
    return [_comparable(item) for item in value] if isinstance(value, list) else value


def test_every_command_answers_as_printed(tree):
    commands = [body for kind, body in BLOCKS if kind == "bash"]
    follow_ups = [
        BLOCKS[number + 1][1] for number, (kind, _) in enumerate(BLOCKS) if kind == "bash"
    ]
    script = f"\necho; echo {MARK}\n".join(_here(each, tree) for each in commands)
    run = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=90, check=False
    )
    outputs = run.stdout.split(MARK)
    assert len(outputs) == len(commands), run.stdout + run.stderr

    for output, printed in zip(outputs, follow_ups, strict=True):
        if printed.startswith("{"):
            assert _comparable(_answers(output)) == _comparable(_answers(printed))
        else:
            assert printed.strip() == output.strip()
    lambda_line = next(body for _, body in BLOCKS if body.startswith("Lambda Notification"))
    wait_until(lambda: tree.lines(re.escape(lambda_line.strip())), 15, "the Lambda line")


def test_the_listener_hears_a_change(tree, tmp_path):
    program = tmp_path / "listen.py"
    program.write_text(_here(next(body for kind, body in BLOCKS if kind == "python"), tree))
    user = tree.user("ada")
    output = tmp_path / "heard.txt"
    with output.open("w") as sink:
        environ = os.environ | {"TOKEN": user.token, "PYTHONUNBUFFERED": "1"}
        listener = subprocess.Popen([sys.executable, program], env=environ, stdout=sink)
    try:
        wait_until(lambda: user.create(title="Hear me") and "Hear me" in output.read_text(), 15)
    finally:
        listener.kill()
        listener.wait()
    assert "task.created" in output.read_text()


def test_the_operators_commands_work_while_the_service_runs(tree):
    table = README.partition("## Operating it")[2].partition("\n\n|")[2]
    named = re.findall(r"`\.venv/bin/(flask [\w -]+)`|`(flask [\w -]+)`", table)
    commands = [first or second for first, second in named]
    assert "flask create-admin" in commands
    for command in commands:
        words = command.replace("NAME", "purge_expired_sessions").split()
        if "create-admin" in words:
            words += ["--username", "root", "--email", "root@example.com", "--password", "12345678"]
        run = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT, env=tree.environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr


def test_what_the_readme_names_is_there():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
    for line in ("./quick-start.sh --help", "make help"):
        if shutil.which(line.split()[0]) or line.startswith("./"):
            run = subprocess.run(
                line.split(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
            )
            assert run.returncode == 0, run.stderr
