"""The page about webhooks: its commands work, and its receivers verify what is sent."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.webhooks.conftest import path_of, send

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [body for kind, body in BLOCKS if kind == "bash"]
PROGRAMS = {kind: body for kind, body in BLOCKS if kind in ("python", "js")}
INTERPRETERS = {"python": sys.executable, "js": shutil.which("node")}


@pytest.fixture
def base(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_commands_work(app, ada, project, base, receiver, local):
    def run(block):
        script = block.replace("http://127.0.0.1:5000", base).replace("curl ", "curl -sS --fail ")
        script = script.replace("https://hooks.example.com/tasks", receiver.url)
        environ = os.environ | {"TOKEN": ada.access, "PROJECT": str(project.id)}
        done = subprocess.run(
            ["bash", "-ec", script], env=environ, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, script + done.stdout + done.stderr
        return done.stdout

    assert "whsec_" in run(COMMANDS[0])
    send(app)
    assert receiver.types == ["webhook.ping"]
    assert '"owed":' in "".join(run(block) for block in COMMANDS[1:])
    send(app)
    assert receiver.types == ["webhook.ping"] * 2


@pytest.mark.parametrize("kind", [kind for kind, found in INTERPRETERS.items() if found])
def test_the_receivers_take_what_is_genuine_and_nothing_else(
    app, ada, project, hook, local, tmp_path, kind
):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    made = hook(ada, project, url=f"http://127.0.0.1:{port}/", events=["task.*"])
    program = tmp_path / f"receive.{kind}"
    program.write_text(PROGRAMS[kind])
    environ = os.environ | {"WEBHOOK_SECRET": made["secret"], "PORT": str(port)}
    process = subprocess.Popen(
        [INTERPRETERS[kind], program], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        _wait_for(port)
        project.task()
        send(app)
        ada.post(path_of(made, "secrets/"), json={"overlap_hours": 0})
        project.task()
        send(app)
    finally:
        process.kill()
        heard, _ = process.communicate()

    statuses = ada.get(path_of(made, "attempts/")).json["results"]
    assert [each["status"] for each in statuses] == [400, 204]
    assert heard.count(b"task.created") == 1


def _wait_for(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the receiver does not listen")
