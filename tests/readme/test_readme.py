"""Every command of the README is run as it stands; its answers must be the printed ones."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from documents import ROOT, answers, blocks_of, comparable, here
from tree import Tree, wait_until

README = (ROOT / "README.md").read_text()
BLOCKS = blocks_of(README)
MARK = "=====next====="
# They start the service, or test it: whoever runs this test has done so.
NOT_RUN = {"./quick-start.sh", "./quick-start.sh test"}

pytestmark = [pytest.mark.xdist_group("tree"), pytest.mark.timeout(400)]


@pytest.fixture
def fresh_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """As a first start leaves it."""
    running = Tree(tmp_path_factory.mktemp("readme"), mail_to_files=True)
    yield running
    assert running.stop() == []


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """One for all tests that care for nobody else's users, however many sign in."""
    folder = tmp_path_factory.mktemp("readme")
    running = Tree(folder, mail_to_files=True, settings={"SIGN_IN_RATE": "1000/minute"})
    yield running
    assert running.stop() == []


def _python_block() -> str:
    (program,) = (body for kind, body, _ in BLOCKS if kind == "python")
    return program


def test_every_block_is_one_of_those_that_are_run():
    assert {kind for kind, *_ in BLOCKS} == {"", "bash", "json", "python", "text"}
    for number, (kind, body, _) in enumerate(BLOCKS):
        is_answer = number > 0 and BLOCKS[number - 1].kind in ("bash", "python")
        is_lambda_line = body.startswith("Lambda Notification")
        if kind == "":
            assert is_answer or is_lambda_line or body.strip() in NOT_RUN, body


def test_every_command_answers_as_printed(fresh_tree):
    pairs = [
        (body, BLOCKS[number + 1].body)
        for number, (kind, body, _) in enumerate(BLOCKS)
        if kind == "bash"
    ]
    script = f"\necho; echo {MARK}\n".join(here(command, fresh_tree) for command, _ in pairs)
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT, env=fresh_tree.environ, check=False, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    outputs = run.stdout.split(MARK)
    assert len(outputs) == len(pairs), run.stdout + run.stderr

    for output, (command, printed) in zip(outputs, pairs, strict=True):
        if printed.startswith("{"):
            found, expected = answers(output), answers(printed)
            assert comparable(found) == comparable(expected), command
        else:
            assert output.strip() == printed.strip(), command
    lambda_line = next(body for _, body, _ in BLOCKS if body.startswith("Lambda Notification"))
    wait_until(lambda: fresh_tree.lines(re.escape(lambda_line.strip())), 15, "the Lambda line")


def test_the_commands_of_the_pages_for_other_clients_work(tree):
    pages = ["flask-api", "classic", "management-system", "workflow-api"]
    for page in pages:
        text = (ROOT / "docs" / "dialects" / f"{page}.md").read_text()
        (block,) = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        script = "set -e\n" + here(block, tree).replace("curl ", "curl --fail ")
        run = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT, env=tree.environ, check=False, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert run.returncode == 0, f"{page}: {run.stdout}{run.stderr}"
        # The last command finds what the one before has made.
        assert len(re.findall(r'"id"\s*:', run.stdout)) >= 3, run.stdout


def test_the_listener_hears_what_it_missed_and_what_happens(tree, tmp_path):
    program, output = tmp_path / "listen.py", tmp_path / "heard.txt"
    user = tree.user("ada")
    # The README's ada is the first user of a fresh service.
    program.write_text(here(_python_block(), tree).replace("user:1", f"user:{user.id}"))
    user.create(title="Missed")
    with output.open("w") as sink:
        environ = os.environ | {"TOKEN": user.token, "PYTHONUNBUFFERED": "1"}
        listener = subprocess.Popen([sys.executable, program], env=environ, stdout=sink)
    try:
        wait_until(lambda: "resync_required" in output.read_text(), 15, "the subscription")
        user.create(title="Hear me")
        wait_until(lambda: "Hear me" in output.read_text(), 15, "the event")
        wait_until(lambda: output.read_text().endswith("\n"), 5, "the whole line")
    finally:
        listener.kill()
        listener.wait()

    assert "'Missed'" in output.read_text()
    heard = next(line for line in output.read_text().splitlines() if "Hear me" in line)
    (printed,) = (body for kind, body, _ in BLOCKS if kind == "text")
    assert _fields(heard) == _fields(printed.replace("\n", ""))


def _fields(line: str) -> tuple[str, dict[str, type]]:
    """The event and the message's fields with their types."""
    event, _, message = line.partition(" ")
    return event, {name: type(value) for name, value in ast.literal_eval(message).items()}


def test_the_operators_commands_work_while_the_service_runs(tree, tmp_path):
    table = README.partition("## Operating it")[2].partition("\n\n|")[2]
    named = re.findall(r"`\.venv/bin/(flask [\w -]+)`|`(flask [\w -]+)`", table)
    commands = [first or second for first, second in named]
    assert "flask create-admin" in commands

    def run(command: str) -> subprocess.CompletedProcess[str]:
        words = command.replace("NAME", "purge_expired_sessions").split()
        if "create-admin" in words:
            words += ["--username", "root", "--email", "root@example.com", "--password", "12345678"]
        words += ["--out", str(tmp_path)] if "preview" in words else []
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT, env=tree.environ, check=False, capture_output=True, text=True, timeout=200,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(run, commands):
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
    ],
)
def test_what_a_document_links_to_is_there(document):
    file = ROOT / document
    links = re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", file.read_text())
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_the_scripts_of_the_readme_accept_what_it_says():
    (usage,) = re.findall(r"Usage: .*?\n\n", _output("./quick-start.sh", "--help"), re.DOTALL)
    assert all(re.search(rf"{re.escape(line)}\s", usage) for line in NOT_RUN)
    if shutil.which("make"):
        assert "run " in _output("make", "help")


def _output(*command: str) -> str:
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout
