"""What docs/live-clients.md shows besides programs: messages for Postman, requests for curl."""

import json
import re
from contextlib import closing
from typing import Any

import websocket
from documents import ROOT, answers, bash, blocks_of, comparable, here
from tree import PASSWORD, Tree, wait_until

TEXT = (ROOT / "docs" / "live-clients.md").read_text()
BLOCKS = blocks_of(TEXT)
FILES = {
    *("account.js", "board.js", "resume.js", "socketio.html", "websocket.html"),
    *("account.py", "board.py", "resume.py", "live_socketio.py", "live_websocket.py"),
}
# What depends on what happened before: of these only the type is compared.
HEADS = re.compile(r"^(head|\w+:1)$")
# As the management system's document shows it, with nothing about a token.
SNIPPET = """
const socket = new WebSocket('ws://localhost:8001/ws/tasks/');

// Listen for messages from the server
socket.onmessage = function(event) {
  const taskData = JSON.parse(event.data);
  console.log('New task update:', taskData);
};

// Error handling
socket.onerror = function(error) {
  console.error('WebSocket Error:', error);
};

// Closing the connection
socket.onclose = function() {
  console.log('WebSocket connection closed');
};
"""
PLACES = re.compile(r"_at$|^(task_id|seq|event_id|position|cursor)$")


def test_every_block_is_run():
    assert {block.file for block in BLOCKS if block.file} == FILES
    assert {block.kind for block in BLOCKS if block.file is None} == {"", "bash", "json"}
    assert [block.body for block in BLOCKS if block.kind == ""] == [
        "CORS_ORIGINS=http://127.0.0.1:8080 ./quick-start.sh\n",
        "python3 -m http.server 8080 --bind 127.0.0.1\n",
    ]


def test_the_resuming_code_is_forty_lines_at_most():
    for block in BLOCKS:
        if block.file and block.file.startswith("resume."):
            assert len([line for line in block.body.splitlines() if line.strip()]) <= 40, block.file


def test_the_library_of_the_page_is_the_one_that_is_tested():
    (vendored,) = (ROOT / "app" / "web" / "static" / "vendor").glob("socket.io-client-*")
    (version,) = re.findall(r"https://cdn\.socket\.io/([\d.]+)/socket\.io\.esm\.min\.js", TEXT)
    assert vendored.name == f"socket.io-client-{version}"


def _section(title: str) -> str:
    found = re.search(rf"^### {title}\n(.*?)^##", TEXT, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def _pairs(section: str) -> list[tuple[str, str]]:
    """What is sent and what is answered, as the steps for Postman show it."""
    shown = [block.body for block in blocks_of(section) if block.kind == "json"]
    return list(zip(shown[::2], shown[1::2], strict=True))


def _address(section: str, tree: Tree) -> str:
    (address,) = re.findall(r"the address `([^`]+)`", section)
    return here(address, tree)


def test_the_messages_for_a_bare_websocket_in_postman_are_answered_as_printed(tree, ada):
    ada.create(title="Heard in Postman", board=1)
    section = _section("A bare WebSocket in Postman")
    header = {"Authorization": f"Bearer {ada.token}"}
    line = websocket.create_connection(_address(section, tree), header=header, timeout=20)
    with closing(line):
        for sent, printed in _pairs(section):
            line.send(sent)
            expected = json.loads(printed)
            found: dict[str, Any] = {}
            while found.keys() != expected.keys():  # what was missed comes in between
                found = json.loads(line.recv())
                assert "error" not in found, sent
            assert comparable(found, HEADS) == comparable(expected, HEADS), sent


def test_the_events_for_socketio_in_postman_are_acknowledged_as_printed(tree, ada):
    section = _section("Socket.IO in Postman")
    address = _address(section, tree).replace("http", "ws", 1)
    line = websocket.create_connection(
        f"{address}/socket.io/?EIO=4&transport=websocket",
        header={"Authorization": f"Bearer {ada.token}"},
        timeout=20,
    )
    with closing(line):
        line.send("40")
        for number, (sent, printed) in enumerate(_pairs(section)):
            line.send(f'42{number}["subscribe",{sent.strip()}]')
            acknowledged = f"43{number}"
            while not (packet := line.recv()).startswith(acknowledged):
                pass
            (found,) = json.loads(packet.removeprefix(acknowledged))
            assert comparable(found, HEADS) == comparable(json.loads(printed), HEADS), sent


def test_the_feed_over_http_answers_as_printed(tree, ada):
    commands, printed = (
        block.body for block in blocks_of(TEXT.partition("## Without a socket")[2])
    )
    (found,), (expected,) = answers(bash(tree, f"TOKEN={ada.token}\n{commands}")), answers(printed)
    assert comparable(found, PLACES) == comparable(expected, PLACES)


def test_in_a_page_of_the_service_the_cookie_does_for_a_token(tree, chromium):
    user, heard = tree.user("cookie"), list[dict[str, Any]]()
    with closing(chromium.new_page(base_url=tree.base)) as page:
        page.on("console", lambda message: heard.extend(a.json_value() for a in message.args[1:]))
        page.goto("/")
        credentials = {"username": user.username, "password": PASSWORD}
        assert page.request.post("/session/", data=credentials).status == 200
        snippet = SNIPPET.replace("localhost:8001", f"127.0.0.1:{tree.port}")
        page.evaluate(f"{snippet}; socket.onopen = () => (window.isOpen = true)")
        page.wait_for_function("window.isOpen")
        task = user.create(title="Hear me")

        def is_heard() -> bool:
            page.wait_for_timeout(20)  # Playwright tells of the console only while it is asked
            return any(message["task_id"] == task["id"] for message in heard)

        wait_until(is_heard, 20, "the message")
