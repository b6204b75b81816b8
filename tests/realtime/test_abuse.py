import json
import socket
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import websocket
from flask_jwt_extended import create_access_token, decode_token
from sqlalchemy import text, update

from app.extensions import db
from app.users.models import Role, User
from tests.realtime.conftest import PATIENCE, refused, wait_until

pytestmark = pytest.mark.xdist_group("realtime")


def admitted(server, person, **kwargs: Any) -> websocket.WebSocket:
    """A bare WebSocket of a signed-in client."""
    bare = server.websocket(**kwargs)
    bare.recv()
    bare.send("40" + json.dumps({"token": person.access}))
    assert bare.recv().startswith('40{"sid"')
    return bare


def is_closed(bare: websocket.WebSocket, seconds: float = 4) -> bool:
    bare.settimeout(seconds)
    try:
        while True:
            bare.recv_frame()
    except websocket.WebSocketTimeoutException:
        return False
    except (websocket.WebSocketException, OSError):
        return True


def test_clients_cannot_forge_events(listen, ada, bob):
    hers, his = listen(ada), listen(bob)
    for name in ("task.created", "task.updated", "message", "json", "join"):
        answer = his.client.call(name, {"task_id": 1}, timeout=PATIENCE)
        assert answer == refused("unknown-event")

    task = ada.create_task()
    wait_until(hers.messages, 1)
    assert len(hers.messages()) == 1
    assert hers.messages(task)
    assert his.messages() == []


def test_dead_tokens_have_no_sockets(app, listen, server, make_person, ada, bob, eve, admin):
    survivor = make_person()
    short = make_person()
    with app.test_request_context():
        claims = decode_token(short.access)
        short.access = create_access_token(
            claims["sub"],
            additional_claims={"sid": claims["sid"]},
            expires_delta=timedelta(seconds=2),
        )
    people = {}
    for name, person in {"out": ada, "off": bob, "changed": eve, "role": admin}.items():
        people[name] = listen(person)
    people["expired"] = listen(short, transports=["polling"])
    kept = listen(survivor)
    # A client that claims to be gone, or to connect once more, must not be forgotten.
    forging = admitted(server, ada)
    forging.send('42["disconnect","transport close"]')

    ada.post("/api/v1/auth/logout/")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(User).where(User.id == bob.id).values(is_active=False))
        connection.execute(update(User).where(User.id == eve.id).values(session_epoch=9))
        connection.execute(update(User).where(User.id == admin.id).values(role=Role.MEMBER))

    wait_until(lambda: not any(each.client.connected for each in people.values()), 5)
    assert is_closed(forging, PATIENCE)
    assert kept.client.connected


@pytest.mark.parametrize(
    "frame",
    [
        "", "x", "4", "4x", "49", "40[", "42", "42{}", "42[]", "42[5]", "42[{}]", "42" + "[" * 9999,
        '42["subscribe",' + "1" * 9999 + "]", '42["subscribe",{"stream":"\\u0000"}]',
        '42["connect",{},{"token":"x"}]', '42["*",{}]',
        '451-["subscribe",{"_placeholder":true,"num":0}]',
        "431[]", '44"x"', '4{"a":1}', "4" + "[" * 9999, b"\x00\x01",
    ],
    ids=lambda frame: repr(frame[:12]),
)  # fmt: skip
def test_what_is_no_packet_ends_the_connection(server, ada, frame):
    for bare in (server.websocket(), admitted(server, ada)):
        binary = isinstance(frame, bytes)
        (bare.send_binary if binary else bare.send)(frame)
        assert is_closed(bare, PATIENCE)


def test_a_flood_of_messages_ends_the_connection(server, ada):
    bare = admitted(server, ada)
    with pytest.raises((websocket.WebSocketException, OSError)):  # noqa: PT012 - either may fail
        for _ in range(5000):
            bare.send('42["task.created",{}]')
        assert not is_closed(bare)
        raise AssertionError


def test_a_flood_of_pings_is_read_slowly_and_takes_no_time_from_others(server, ada):
    bare = admitted(server, ada)
    bare.sock.sendall((b"\x89\x80" + bytes(4)) * 5000)
    bare.settimeout(1)
    answered = 0
    until = time.monotonic() + 1
    with suppress(websocket.WebSocketTimeoutException):
        while time.monotonic() < until and answered < 5000:
            answered += bare.recv_frame().opcode == websocket.ABNF.OPCODE_PONG
    assert 0 < answered < 2500


@pytest.mark.parametrize("shape", ["one frame", "fragments", "many frames"])
def test_a_hundred_megabytes_end_the_connection_and_take_no_memory(server, app, shape):
    before = server.memory()
    bare = server.websocket()
    bare.recv()
    peak = before
    closed = False
    for block in hundred_megabytes(shape):
        try:
            bare.sock.sendall(block)
        except ConnectionError:  # A mere timeout would mean that the server keeps the connection.
            closed = True
            break
        peak = max(peak, server.memory())
    started = time.monotonic()
    assert server.get("/livez").ok
    assert time.monotonic() - started < 30
    assert closed
    assert max(peak, server.memory()) - before < 20_000_000


def hundred_megabytes(shape: str):
    mask = bytes(4)
    block = b"4" * 1_000_000
    if shape == "one frame":
        yield b"\x81\xff" + (100_000_000).to_bytes(8, "big") + mask
        yield from [block] * 100
    elif shape == "fragments":
        head = b"\xff" + (1_000_000).to_bytes(8, "big") + mask
        yield b"\x01" + head + block
        yield from [b"\x00" + head + block] * 99
    else:
        frame = b"\x81\xfe" + (60_000).to_bytes(2, "big") + mask + block[:60_000]
        yield from [frame * 16] * 104


def test_what_was_compressed_is_not_unpacked(server, app):
    bare = server.websocket(header=["Sec-WebSocket-Extensions: permessage-deflate"])
    assert "sec-websocket-extensions" not in bare.headers


def test_a_client_that_does_not_read_is_dropped_and_others_get_everything(app, server, relay, ada):
    hers = admitted(server, ada)
    stuck = admitted(server, ada, sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)])
    ada.create_task(description="x" * 10_000)
    first = _next_task_message(hers)["seq"]
    before = server.memory()
    repeat_last_event(app, 2000)

    heard = [_next_task_message(hers)["seq"] for _ in range(2000)]

    assert heard == list(range(first + 1, first + 2001))
    time.sleep(1.5)  # the good-bye that nobody reads
    assert server.memory() - before < 60_000_000
    assert is_closed(stuck, PATIENCE)


def _next_task_message(bare: websocket.WebSocket) -> dict[str, Any]:
    while not (message := bare.recv()).startswith('42["task.'):
        pass
    return json.loads(message[2:])[1]


def repeat_last_event(app, times: int) -> None:
    """As if the task had been changed so often; the stand-in for the relay orders them."""
    with app.app_context(), db.engine.begin() as connection:
        last = connection.scalar(text("SELECT max(id) FROM events"))
        columns = "type, at, actor_id, entity, entity_id, task_id, task_version, changes, snapshot"
        connection.execute(
            text(
                f"WITH made AS (INSERT INTO events (event_id, {columns})"
                f" SELECT gen_random_uuid(), {columns} FROM events, generate_series(1, :times)"
                " WHERE id = :last RETURNING id) INSERT INTO stream_entries (stream_id, seq,"
                " event_id) SELECT s.id, s.last_seq + row_number() OVER (ORDER BY made.id), made.id"
                " FROM made, streams s WHERE s.kind = 'user' AND s.ref_id ="
                " (SELECT actor_id FROM events WHERE id = :last)"
            ),
            {"times": times, "last": last},
        )
        connection.execute(text("UPDATE streams SET last_seq = last_seq + :n"), {"n": times})
